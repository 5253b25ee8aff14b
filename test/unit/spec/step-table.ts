import { expect, test } from 'vitest'
import { explain } from '../../kit/scenario.ts'

export type Members = Readonly<Record<string, unknown>>

/**
 * One input line and what it leads to, each output in one line of text (see {@link told}): null when this step only
 * prepares the next. `kinds` narrows the comparison to outputs that start with these words; what is ignored and what
 * becomes a dead letter is compared always. Order counts within a kind.
 */
export type Step = readonly [input: Members | string, wanted?: readonly string[] | null, kinds?: readonly string[]]

/** Start of the time of these tables, and the thing and device that they talk about. */
export const START = Date.parse('2026-06-21T04:00:05.000Z')
export const SECONDS = START / 1000
export const SN = 'SN7A2300583'

export const at = (ms: number): Members => ({ at: new Date(START + ms).toISOString() })

/** Registers a test: the steps in one run, every step that differs shown with both sides. */
export function steps(title: string, settings: Members | null, table: readonly Step[], shown: Shown = {}): void {
  test(title, async () => {
    const inputs = table.map(([input], index) => {
      if (typeof input === 'string') return input
      return JSON.stringify(index === 0 ? { ...at(0), ...input, ...(settings === null ? {} : { settings }) } : input)
    })
    const run = await explain(inputs.map((line) => `${line}\n`).join(''))
    expect([run.status, run.errors]).toEqual([0, ''])
    let now = START
    const differences = table.flatMap(([input, wanted, kinds], index) => {
      if (typeof input !== 'string' && typeof input['at'] === 'string') now = Date.parse(input['at'])
      if (wanted === null || wanted === undefined) return []
      const lines = run.lines.filter((line) => line['step'] === index + 1).map((line) => told(line, now, shown))
      const isCompared = (line: string): boolean =>
        kinds === undefined || [...kinds, 'ign', 'dlq'].includes(kindOf(line))
      const got = byKind(lines.filter(isCompared))
      const want = byKind(wanted)
      return same(got, want) ? [] : [{ step: index + 1, input: text(input).slice(0, 300), want, got }]
    })
    expect(differences).toEqual([])
  })
}

/** More of a command status than its outcome: the op, the device, the id. */
export interface Shown {
  readonly op?: boolean
  readonly sn?: boolean
  readonly id?: boolean
  readonly event?: boolean
}

const kindOf = (line: string): string => (/^[A-Z_]+\/\d/.test(line) ? 'status' : (line.split(/[ [/]/)[0] ?? ''))
const byKind = (lines: readonly string[]): readonly string[] =>
  [...lines.entries()]
    .sort(([a, one], [b, other]) => compare(kindOf(one), kindOf(other)) || a - b)
    .map(([, line]) => line)
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** ` name=value` of the members that are neither null nor missing. */
const given = (value: Members, ...names: readonly string[]): string =>
  names
    .map((name) => (value[name] === null || value[name] === undefined ? '' : ` ${name}=${text(value[name])}`))
    .join('')

/** Milliseconds since the start of the table, empty when there is no time. */
const since = (time: unknown): string => (typeof time === 'number' ? String(time - START) : '')

/** JSON with members in the order of their names. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sorted((value as Members)[name])]))
}

/** An output line in short. `now` is the time of its input line. */
function told(line: Members, now: number, shown: Shown): string {
  if (line['ignored'] !== undefined) return `ign ${text(line['ignored'])}`
  if (line['http'] !== undefined) return toldResponse(line['http'] as Members)
  if (line['mqtt'] !== undefined) return toldPublication(line['mqtt'] as Members)
  const { topic, key, value } = line['kafka'] as { topic: string; key: string | null; value: Members | null }
  const name = topic.replace(/^(?:fleet|cams)\./, '').replace(/\.v1$/, '')
  const keyed = key === 't' || key === SN ? '' : ` [${text(key)}]`
  if (value === null) return `${name}${keyed} †`
  return (toldRecord[name] ?? toldWhole)({ value, keyed, now, shown, name })
}

function toldPublication({ topic, json, base64, expiry, qos, retain }: Members): string {
  const short = text(topic)
    .replace('$emqx/things/t/', '')
    .replace('$emqx/commands/things/t/executions/', '')
    .replace(`api/mqtt/v1/${SN}/`, '')
  // The order of members is part of the contract of commands only.
  const ordered = text(topic).startsWith('api/') ? json : sorted(json)
  const payload = base64 === undefined ? JSON.stringify(ordered) : text(base64)
  const free = short.startsWith('jobs/') ? payload.replace(/"message":"[^"]*"/, '"message":"<any>"') : payload
  const odd = qos === 1 && retain === false ? '' : ' not at QoS 1 or retained'
  return `> ${short} ${free}${expiry === undefined ? '' : ` ~${text(expiry)}`}${odd}`
}

function toldResponse({ status, body, headers }: Members): string {
  const told = given(headers as Members, 'etag', 'allow', 'www-authenticate', 'retry-after', 'cache-control')
  return `http ${text(status)}${body === undefined ? '' : ` ${text(body)}`}${told}`
}

interface Told {
  readonly value: Members
  readonly keyed: string
  readonly now: number
  readonly shown: Shown
  readonly name: string
}

const toldWhole = ({ value, keyed, name }: Told): string => `${name}${keyed} ${text(value)}`

const toldRecord: Readonly<Record<string, (told: Told) => string>> = {
  'command-status': ({ value, now, shown }) => {
    const { status, attempt, errorCode, statusTime, sensitive, op, deviceSn, commandId, eventId } = value
    return [
      `${text(status)}/${text(attempt)}`,
      errorCode === null ? '' : ` e=${text(errorCode)}`,
      value['deviceCode'] === null ? '' : ` d=${text(value['deviceCode'])}`,
      value['message'] === null ? '' : ` m=${text(value['message'])}`,
      value['result'] === null ? '' : ` r=${text(value['result'])}`,
      statusTime === now ? '' : ` @${since(statusTime)}`,
      sensitive === true ? ' sensitive' : '',
      value['correlationId'] === null ? '' : ` c=${text(value['correlationId'])}`,
      shown.op === true ? ` op=${text(op)}` : '',
      shown.sn === true ? ` sn=${text(deviceSn)}` : '',
      shown.id === true ? ` id=${text(commandId)}` : '',
      shown.event === true ? ` event=${text(eventId)}` : '',
    ].join('')
  },
  deadletter: ({ value }) => `dlq ${text(value['reasonCode'])} ${text(value['mqttTopic'])}`,
  presence: ({ value, keyed }) => {
    if ('status' in value) return `seen ${text(value['status'])} ${text(value['reason'])}`
    const { online, connectedAt, disconnectedAt } = value
    const times = `c=${since(connectedAt)} d=${since(disconnectedAt)}`
    return `presence${keyed} ${text(online)} ${times}${given(value, 'reason')}`
  },
  results: ({ value, keyed }) => {
    const more = given(value, 'code', 'shadowVersion', 'versionNumber', 'executionId', 'jobId')
    const again = value['duplicate'] === true ? ' again' : ''
    return `result${keyed} ${text(value['requestId'])} ${text(value['status'])}${more}${again}`
  },
  'shadow.state': ({ value, keyed }) => {
    const { version, reportedJson, desiredJson, deltaJson, lastPublishedDeltaJson, metadataJson, updatedAt } = value
    const meta = text(metadataJson).replaceAll(String(SECONDS), 'S')
    const sections = `r=${text(reportedJson)} d=${text(desiredJson)} delta=${text(deltaJson)}`
    const rest = `last=${text(lastPublishedDeltaJson)} meta=${meta} u=${since(updatedAt)}`
    return `shadow${keyed} v${text(version)} ${sections} ${rest}`
  },
  'shadow.changes': ({ value, keyed }) => {
    const { version, section, patchJson, deltaJson } = value
    const what = `v${text(version)} ${text(section)} ${text(patchJson)} delta=${text(deltaJson)}`
    return `change${keyed} ${what}${given(value, 'clientToken')}`
  },
  'thing.state': ({ value, keyed }) => {
    const locks = value['remembered'] as readonly Members[]
    const each = locks.map(({ topic, version, statusDetailsJson }) => {
      const short = text(topic).split('/').slice(3).join('/')
      return `${short}@${text(version)}${statusDetailsJson === null ? '' : text(statusDetailsJson)}`
    })
    return `locks${keyed} ${each.join(',')}`
  },
  dlq: ({ value, keyed }) => `dlq${keyed} ${text(value['code'])} ${text(value['sourceTopic'])}`,
  events: ({ value }) => {
    const { eventType, severity, dataJson, timestamp, timestampSource } = value
    return `event ${text(eventType)} ${text(severity)} ${text(dataJson)} ${since(timestamp)} ${text(timestampSource)}`
  },
  'command.executions': (told) => toldCommand('exec', told),
  'command.state': (told) => toldCommand('exec.state', told),
  'job.executions': (told) => toldExecution('run', told),
  'job.execution.state': (told) => toldExecution('run.state', told),
  'job.state': ({ value, keyed }) => `job${keyed} ${text(value['status'])}`,
  'job.progress': ({ value, keyed }) => {
    const { fanOut, fannedOut, executionsTotal, counts, openRequests } = value
    const numbers = `${text(fannedOut)} ${text(executionsTotal)} ${text(counts)}`
    return `progress${keyed} ${text(fanOut)} ${numbers} ${(openRequests as string[]).join(',')}`
  },
}

function toldCommand(name: string, { value, keyed }: Told): string {
  const { executionId, status, occurredAt } = value
  const more = given(value, 'reason', 'reportedStatus', 'resultJson')
  return `${name}${keyed} ${text(executionId)} ${text(status)}${more} @${since(occurredAt)}`
}

function toldExecution(name: string, { value, keyed }: Told): string {
  const { jobId, thingName, status, versionNumber, statusDetailsJson, stepDeadline, inProgressDeadline } = value
  return [
    `${name}${keyed} ${text(jobId)}/${text(thingName)} ${text(status)} v${text(versionNumber)}${given(value, 'reason')}`,
    statusDetailsJson === '{}' ? '' : ` ${text(statusDetailsJson)}`,
    stepDeadline === null ? '' : ` step=${since(stepDeadline)}`,
    inProgressDeadline === null ? '' : ` cap=${since(inProgressDeadline)}`,
    ` #${text(value['sequence'])} @${since(value['occurredAt'])}`,
  ].join('')
}
