/** What a device's message is, by its topic (fleets 2.2). */
export type DeviceTopic =
  | { readonly kind: 'report' | 'shadowGet' | 'listJobs' | 'startNext'; readonly thingName: string }
  | { readonly kind: 'event'; readonly thingName: string; readonly eventType: string }
  | { readonly kind: 'describeJob' | 'updateJob'; readonly thingName: string; readonly jobId: string }
  | { readonly kind: 'commandResponse'; readonly thingName: string; readonly executionId: string }

/** The filters the bridge subscribes to for device messages, without the share group. */
export function deviceFilters(settings: { readonly shadow: { readonly getOverMqtt: boolean } }): readonly string[] {
  return [
    '$emqx/things/+/shadow/update',
    ...(settings.shadow.getOverMqtt ? ['$emqx/things/+/shadow/get'] : []),
    '$emqx/things/+/events/+',
    '$emqx/things/+/jobs/get',
    '$emqx/things/+/jobs/start-next',
    '$emqx/things/+/jobs/+/get',
    '$emqx/things/+/jobs/+/update',
    '$emqx/commands/things/+/executions/+/response',
  ]
}

/** Filters of the topics that the bridge publishes to for things: no more, no less. */
export function publicationFilters({
  shadow,
}: {
  readonly shadow: { readonly getOverMqtt: boolean; readonly replies: boolean }
}): readonly string[] {
  const update = shadowUpdateTopic('+')
  const answered = [
    ...(shadow.replies ? [update] : []),
    ...(shadow.getOverMqtt ? ['$emqx/things/+/shadow/get'] : []),
    '$emqx/things/+/jobs/get',
    '$emqx/things/+/jobs/start-next',
    '$emqx/things/+/jobs/+/get',
    jobUpdateTopic('+', '+'),
  ]
  return [
    update,
    `${update}/delta`,
    ...answered.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]),
    notifyTopic('+'),
    notifyNextTopic('+'),
    commandRequestTopic('+', '+'),
  ]
}

/** What the topic says, or null when no filter of {@link deviceFilters} matches it. A level may be empty. */
export function parseDeviceTopic(
  topic: string,
  settings: { readonly shadow: { readonly getOverMqtt: boolean } },
): DeviceTopic | null {
  const levels = topic.split('/')
  if (levels[0] !== '$emqx') return null
  if (levels[1] === 'commands') return parseCommandTopic(levels)
  const [, things, thingName = '', area, fourth = '', fifth] = levels
  if (things !== 'things' || levels.length < 5 || levels.length > 6) return null
  if (levels.length === 6) {
    if (area !== 'jobs') return null
    if (fifth === 'get') return { kind: 'describeJob', thingName, jobId: fourth }
    return fifth === 'update' ? { kind: 'updateJob', thingName, jobId: fourth } : null
  }
  if (area === 'events') return { kind: 'event', thingName, eventType: fourth }
  if (area === 'shadow') {
    if (fourth === 'update') return { kind: 'report', thingName }
    return fourth === 'get' && settings.shadow.getOverMqtt ? { kind: 'shadowGet', thingName } : null
  }
  if (area !== 'jobs') return null
  if (fourth === 'get') return { kind: 'listJobs', thingName }
  return fourth === 'start-next' ? { kind: 'startNext', thingName } : null
}

function parseCommandTopic(levels: readonly string[]): DeviceTopic | null {
  const [, , things, thingName = '', executions, executionId = '', response] = levels
  if (levels.length !== 7 || things !== 'things' || executions !== 'executions' || response !== 'response') return null
  return { kind: 'commandResponse', thingName, executionId }
}

export function shadowUpdateTopic(thingName: string): string {
  return `$emqx/things/${thingName}/shadow/update`
}

export function notifyTopic(thingName: string): string {
  return `$emqx/things/${thingName}/jobs/notify`
}

export function notifyNextTopic(thingName: string): string {
  return `$emqx/things/${thingName}/jobs/notify-next`
}

export function jobUpdateTopic(thingName: string, jobId: string): string {
  return `$emqx/things/${thingName}/jobs/${jobId}/update`
}

export function commandRequestTopic(thingName: string, executionId: string): string {
  return `$emqx/commands/things/${thingName}/executions/${executionId}/request`
}

/** Whether an MQTT topic filter matches a topic, by the rules of MQTT 5. */
export function filterMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  // A filter that starts with a wildcard does not match topics that start with `$`.
  if (topic.startsWith('$') && (wanted[0] === '+' || wanted[0] === '#')) return false
  for (const [at, level] of wanted.entries()) {
    if (level === '#') return true
    if (at >= levels.length || (level !== '+' && level !== levels[at])) return false
  }
  return wanted.length === levels.length
}
