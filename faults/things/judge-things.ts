import type { FleetRecord } from '../../test/kit/fleet-records.ts'
import type { SeenPublication, SentReport, ThingFacts } from './thing-flow.ts'

/** What became of one kind of what was said. */
interface Fate {
  /** Acknowledged by the broker to the thing, taken by Kafka from the operator, or committed for a thing to be told. */
  readonly sent: number
  /** Without what it must lead to. */
  readonly lost: readonly string[]
}

/** What became of everything that was said in a row. */
export interface ThingVerdict {
  /** Lost: not applied, or the thing never got the answer. */
  readonly reports: Fate
  readonly events: Fate
  /** Of operators. */
  readonly requests: Fate
  /** Of jobs: one for each thing. Lost: never ended. */
  readonly executions: Fate
  /** Repeated: deliveries beyond those that were committed. */
  readonly publications: Fate & { readonly repeated: number }
  /** Done twice, answered in two ways, out of order, told and not committed: sentences. */
  readonly wrong: readonly string[]
}

type Members = Readonly<Record<string, unknown>>

/** `records`: by partition in the order of their offsets, committed ones only. */
export function judgeThings(facts: ThingFacts, records: readonly FleetRecord[]): ThingVerdict {
  const of = (channel: FleetRecord['channel']): readonly Members[] =>
    records.flatMap(({ channel: on, value }) => (on === channel && value !== null ? [value] : []))
  const wrong: string[] = []
  return {
    reports: judgeReports(facts, of, wrong),
    events: judgeEvents(facts, of, wrong),
    requests: judgeRequests(facts, of, wrong),
    executions: judgeExecutions(facts, of, wrong),
    publications: judgePublications(facts.seen, of('mqttOutbox'), wrong),
    wrong,
  }
}

type Of = (channel: FleetRecord['channel']) => readonly Members[]

function judgeReports({ reports, seen }: ThingFacts, of: Of, wrong: string[]): Fate {
  const inbox = countOf(of('thingInbox').flatMap((record) => tokenOf(record, /\/shadow\/update$/)))
  const answers = new Map<string, string[]>()
  for (const record of of('mqttOutbox')) {
    for (const token of tokenOf(record, /\/shadow\/update\/(accepted|rejected)$/)) {
      answers.set(token, [...(answers.get(token) ?? []), `${String(record['topic'])} ${textOf(record)}`])
    }
  }
  const reported = of('shadowChanges').filter(({ section }) => section === 'REPORTED')
  const changes = countOf(reported.map(({ clientToken }) => String(clientToken)))
  const told = new Set(seen.map(({ topic, text }) => `${topic} ${text}`))
  const lost: string[] = []
  for (const { token, locked, acknowledgedAt } of reports) {
    const [came, said, done] = [inbox.get(token) ?? 0, answers.get(token) ?? [], changes.get(token) ?? 0]
    if (acknowledgedAt !== null && (done === 0 || !said.some((answer) => told.has(answer)))) lost.push(token)
    if (said.length !== came) wrong.push(`${token} stands ${came} times in the inbox and has ${said.length} answers`)
    if (done > (locked ? 1 : came)) wrong.push(`${token} was applied ${done} times`)
    if (locked && new Set(said).size > 1) wrong.push(`${token} has different answers: ${said.join(' and ')}`)
    if (said.some((answer) => answer.includes('/rejected '))) wrong.push(`${token} was rejected: ${said.join(' and ')}`)
  }
  for (const thing of new Set(of('shadowChanges').map(({ thingName }) => thingName))) {
    const versions = of('shadowChanges').flatMap(({ thingName, version }) => (thingName === thing ? [version] : []))
    const state = of('shadowState').findLast(({ thingName }) => thingName === thing)
    const gap = versions.findIndex((version, i) => version !== i + 1)
    if (gap >= 0) wrong.push(`the shadow of ${String(thing)} goes from version ${gap} to ${String(versions[gap])}`)
    if (state?.['version'] !== versions.length) wrong.push(`the state of ${String(thing)} is not at its last version`)
  }
  return { sent: sentOf(reports), lost }
}

function sentOf(reports: readonly SentReport[]): number {
  return reports.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length
}

function judgeEvents({ events }: ThingFacts, of: Of, wrong: string[]): Fate {
  const number = (thing: unknown, data: unknown): string =>
    `${String(thing)} ${String((data as Members | undefined)?.['n'])}`
  const inbox = countOf(
    of('thingInbox').flatMap((record) =>
      String(record['topic']).endsWith('/events/tick') ? [number(record['thingName'], jsonOf(record)['data'])] : [],
    ),
  )
  const written = countOf(
    of('fleetEvents').map(({ thingName, dataJson }) => number(thingName, JSON.parse(String(dataJson)))),
  )
  for (const [event, came] of inbox) {
    if ((written.get(event) ?? 0) !== came) {
      wrong.push(`event ${event} stands ${came} times in the inbox and ${written.get(event) ?? 0} times in the events`)
    }
  }
  return { sent: events.length, lost: events.filter((event) => !written.has(event)) }
}

function judgeRequests({ requests }: ThingFacts, of: Of, wrong: string[]): Fate {
  const results = countOf(of('results').map(({ requestId }) => String(requestId)))
  for (const [id, count] of results) if (count > 1) wrong.push(`request ${id} has ${count} results`)
  const refused = of('results').filter(({ status }) => status !== 'ACCEPTED')
  for (const { requestId, code } of refused) wrong.push(`request ${String(requestId)} was refused: ${String(code)}`)
  const changes = new Map<string, string[]>()
  for (const { executionId, status, reason } of of('commandExecutions')) {
    const id = String(executionId)
    changes.set(id, [...(changes.get(id) ?? []), `${String(status)} ${String(reason)}`])
  }
  for (const [id, states] of changes) {
    if (states.join() !== 'SENT null,SUCCEEDED DEVICE') wrong.push(`command ${id} went ${states.join(', ')}`)
  }
  return { sent: requests.length, lost: requests.filter((id) => !results.has(id)) }
}

function judgeExecutions({ jobs }: ThingFacts, of: Of, wrong: string[]): Fate {
  const changes = new Map<string, string[]>()
  for (const { jobId, thingName, versionNumber, status } of of('jobExecutions')) {
    const place = `${String(jobId)} ${String(thingName)}`
    changes.set(place, [...(changes.get(place) ?? []), `${String(versionNumber)} ${String(status)}`])
  }
  const lost: string[] = []
  let sent = 0
  for (const [jobId, things] of jobs) {
    sent += things
    const ofJob = [...changes].filter(([place]) => place.startsWith(`${jobId} `))
    for (const [place, states] of ofJob) {
      if (!states.some((state) => state.endsWith(' SUCCEEDED'))) lost.push(place)
      else if (states.join() !== '0 QUEUED,1 IN_PROGRESS,2 IN_PROGRESS,3 SUCCEEDED') {
        wrong.push(`${place} went ${states.join(', ')}`)
      }
    }
    for (let missing = ofJob.length; missing < things; missing += 1) lost.push(`${jobId}, an execution that never was`)
    const states = of('jobState').flatMap(({ jobId: id, status }) => (id === jobId ? [status] : []))
    if (states.join() !== 'IN_PROGRESS,COMPLETED') wrong.push(`${jobId} went ${states.join(', ')}`)
    const last = of('jobProgress').findLast(({ jobId: id }) => id === jobId)
    if (JSON.stringify(last?.['counts']) !== JSON.stringify({ SUCCEEDED: things })) {
      wrong.push(`${jobId} counts ${JSON.stringify(last?.['counts'])}, and has ${things} things`)
    }
  }
  return { sent, lost }
}

function judgePublications(seen: readonly SeenPublication[], outbox: readonly Members[], wrong: string[]) {
  const saidOf = (record: Members): string => `${String(record['topic'])} ${textOf(record)}`
  const committed = countOf(outbox.map(saidOf))
  const told = countOf(seen.map(({ topic, text }) => `${topic} ${text}`))
  const lost: string[] = []
  let repeated = 0
  for (const [said, times] of committed) {
    const came = told.get(said) ?? 0
    if (came < times) lost.push(`${said} (${came} of ${times})`)
    repeated += Math.max(0, came - times)
  }
  for (const said of told.keys()) if (!committed.has(said)) wrong.push(`told and not committed: ${said}`)
  // Of each thing: what it is told for the first time comes in the order of the outbox.
  const places = new Map<string, number>()
  for (const [place, record] of outbox.entries()) if (!places.has(saidOf(record))) places.set(saidOf(record), place)
  const highest = new Map<string, number>()
  const known = new Set<string>()
  for (const { thing, topic, text } of seen) {
    const said = `${topic} ${text}`
    const place = places.get(said)
    if (known.has(said) || place === undefined) continue
    known.add(said)
    if (place < (highest.get(thing) ?? -1)) wrong.push(`told out of order: ${said}`)
    else highest.set(thing, place)
  }
  return { sent: outbox.length, lost, repeated }
}

/** The clientToken of a message on such a topic; none when it has none. */
function tokenOf(record: Members, topic: RegExp): string[] {
  if (!topic.test(String(record['topic']))) return []
  const token = jsonOf(record)['clientToken']
  return typeof token === 'string' ? [token] : []
}

function textOf({ payload }: Members): string {
  return payload instanceof Uint8Array ? Buffer.from(payload).toString() : ''
}

function jsonOf(record: Members): Members {
  return JSON.parse(textOf(record) || '{}') as Members
}

function countOf(items: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
