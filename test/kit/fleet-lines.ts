import { strictEqual } from 'node:assert/strict'
import { explain } from './scenario.ts'

type Members = Readonly<Record<string, unknown>>

/** Start of the time of these tests, epoch milliseconds: 2025-05-28T00:00:00Z. */
export const START = 1_748_390_400_000
/** The same in seconds. */
export const START_S = START / 1000

/** Lines for `bridge explain` about things and jobs. */
export const line = {
  /** Moves the clock to so many milliseconds after the start. */
  clock: (ms: number): Members => ({ at: new Date(START + ms).toISOString() }),
  settings: (fleet: Members, more: Members = {}): Members => ({ ...line.clock(0), settings: { fleet, ...more } }),
  kafka: (topic: string, key: string | null, value: unknown, more: Members = {}): Members => ({
    kafka: { topic: `fleet.${topic}`, ...(key === null ? {} : { key }), value, ...more },
  }),
  thing: (thingName: string, mqttClientId = `client-${thingName}`): Members =>
    line.kafka('registry.things', thingName, { thingName, mqttClientId }),
  gone: (thingName: string): Members => line.kafka('registry.things', thingName, null),
  device: (topic: string, json: unknown): Members => ({ mqtt: { topic: `$emqx/things/${topic}`, json } }),
  mqtt: (topic: string, json: unknown): Members => ({ mqtt: { topic, json } }),
  job: (jobId: string, things: readonly string[], more: Members = {}): Members =>
    line.kafka('job.requests', jobId, {
      op: 'CREATE_JOB',
      requestId: `create-${jobId}`,
      jobId,
      targets: { thingNames: things },
      documentJson: '{"do":1}',
      ...more,
    }),
  jobOp: (op: string, jobId: string, requestId: string, more: Members = {}): Members =>
    line.kafka('job.requests', jobId, { op, requestId, jobId, ...more }),
  send: (thingName: string, requestId: string, more: Members = {}): Members =>
    line.kafka('command.requests', thingName, { op: 'SEND_COMMAND', requestId, thingName, action: 'a', ...more }),
  respond: (thingName: string, executionId: string, json: unknown): Members =>
    line.mqtt(`$emqx/commands/things/${thingName}/executions/${executionId}/response`, json),
}

export interface Told {
  readonly step: number
  readonly kafka?: { readonly topic: string; readonly key: string | null; readonly value: Members | null }
  readonly mqtt?: { readonly topic: string; readonly json: Members; readonly expiry?: number }
  readonly http?: { readonly status: number; readonly headers: Members; readonly body?: Members }
  readonly ignored?: string
}

/** Runs the lines, the first at the start of time, and gives what the last one (or line `step`) led to. */
export async function told(lines: readonly Members[], step = lines.length): Promise<readonly Told[]> {
  const first = { ...line.clock(0), ...lines[0] }
  const text = [first, ...lines.slice(1)].map((each) => `${JSON.stringify(each)}\n`).join('')
  const run = await explain(text)
  strictEqual(run.errors, '')
  return (run.lines as unknown as Told[]).filter((each) => each.step === step)
}

/** The values of the records on a topic, `key` beside them when asked for. */
export function valuesOn(output: readonly Told[], topic: string): readonly (Members | null)[] {
  return output.flatMap((each) => (each.kafka?.topic === `fleet.${topic}` ? [each.kafka.value] : []))
}

export function keysOn(output: readonly Told[], topic: string): readonly (string | null)[] {
  return output.flatMap((each) => (each.kafka?.topic === `fleet.${topic}` ? [each.kafka.key] : []))
}

/** Publications as [last part of the topic, payload]. */
export function published(output: readonly Told[]): readonly (readonly [string, Members])[] {
  return output.flatMap((each) =>
    each.mqtt === undefined ? [] : [[each.mqtt.topic.split('/').slice(3).join('/'), each.mqtt.json] as const],
  )
}

export function ignoredReasons(output: readonly Told[]): readonly string[] {
  return output.flatMap((each) => (each.ignored === undefined ? [] : [each.ignored]))
}
