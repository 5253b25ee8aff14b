import { type Members, SN } from './step-table.ts'

/** Input lines of `bridge explain` for the tables: device `SN`, thing `t`. */

/** A payload or value: text and bytes as they are, else JSON. */
function given(name: string, value: unknown): Members {
  if (Buffer.isBuffer(value)) return { base64: value.toString('base64') }
  return typeof value === 'string' ? { text: value } : { [name]: value }
}

export const command = (value: Members, more: Members = {}): Members => ({
  kafka: { topic: 'cams.command.v1', key: SN, value: { commandId: 'c1', deviceSn: SN, op: 'ping', ...value }, ...more },
})
export const commandText = (value: string | Buffer, more: Members = {}): Members => ({
  kafka: { topic: 'cams.command.v1', key: SN, ...given('value', value), ...more },
})
export const jsonCommand = (value: Members, more: Members = {}): Members =>
  commandText(JSON.stringify({ commandId: 'c1', deviceSn: SN, op: 'ping', ...value }), more)
export const reply = (payload: Members | string, leaf = 'evt', sn = SN): Members => ({
  mqtt: {
    topic: `api/mqtt/v1/${sn}/${leaf}`,
    ...given('json', typeof payload === 'string' ? payload : { id: 'c1', op: 'ping', ...payload }),
  },
})
export const report = (online: boolean, more: Members = {}): Members => ({
  mqtt: { topic: `api/mqtt/v1/${SN}/st`, json: { online }, ...more },
})

/** What the plain `ping` of {@link command} leads to. */
export const PING = '> cmd {"id":"c1","op":"ping"}'
export const PUBLISHED: readonly string[] = [PING, 'ACCEPTED/1', 'PUBLISHED/1']
export const rejected = (code: string, more = ''): readonly string[] => [`REJECTED/1 e=${code}${more}`]
export const unreadable = (offset = 0): readonly string[] => [
  `dlq COMMAND_UNREADABLE kafka:cams.command.v1/0/${offset}`,
]

export const record = (topic: string, key: string | null, value: unknown, more: Members = {}): Members => ({
  kafka: { topic: `fleet.${topic}`, ...(key === null ? {} : { key }), value, ...more },
})
export const thing = (thingName = 't', mqttClientId = `client-${thingName}`): Members =>
  record('registry.things', thingName, { thingName, mqttClientId })
export const gone = (thingName = 't'): Members => record('registry.things', thingName, null)
export const device = (topic: string, payload: unknown): Members => ({
  mqtt: { topic: `$emqx/things/t/${topic}`, ...given('json', payload) },
})
export const shadowReport = (payload: unknown): Members => device('shadow/update', payload)
export const desired = (requestId: string, json: unknown, more: Members = {}): Members =>
  record('shadow.requests', 't', {
    op: 'SET_DESIRED',
    requestId,
    thingName: 't',
    ...(json === undefined ? {} : { desiredJson: typeof json === 'string' ? json : JSON.stringify(json) }),
    ...more,
  })
export const send = (requestId: string | null, more: Members = {}): Members =>
  record('command.requests', 't', { op: 'SEND_COMMAND', requestId, thingName: 't', action: 'a', ...more })
export const cancelCommand = (requestId: string, executionId: string | null): Members =>
  record('command.requests', 't', { op: 'CANCEL_COMMAND', requestId, thingName: 't', executionId })
export const response = (executionId: string, payload: unknown, thingName = 't'): Members => ({
  mqtt: { topic: `$emqx/commands/things/${thingName}/executions/${executionId}/response`, ...given('json', payload) },
})
export const job = (jobId: string, thingNames: readonly string[] = ['t'], more: Members = {}): Members =>
  record('job.requests', jobId, {
    op: 'CREATE_JOB',
    requestId: `r-${jobId}`,
    jobId,
    targets: { thingNames },
    documentJson: '{"do":1}',
    ...more,
  })
export const onJob = (op: string, jobId: string, requestId: string, more: Members = {}): Members =>
  record('job.requests', jobId, { op, requestId, jobId, ...more })
