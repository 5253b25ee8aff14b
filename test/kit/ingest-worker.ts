import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BridgeProcess, type LogLine } from './bridge-process.ts'
import { patienceMs } from './latch.ts'
import { createTopics } from './topic-reader.ts'

/** Where the servers are. */
export interface IngestServers {
  readonly kafkaBrokers: readonly string[]
  readonly registryUrl: string
  readonly mqttUrl: string
}

/** Settings as a user writes them; anything left out has its default. */
export type SettingsTree = { readonly [name: string]: unknown }

export interface ReadinessCondition {
  readonly name: string
  readonly holds: boolean
  readonly reason: string
}

/** Topics, group and client ids of one test, so that tests can share servers. */
export class IngestNames {
  readonly name: string
  readonly attendance: string
  readonly presence: string
  readonly deadLetter: string
  readonly commandReply: string
  readonly device: string

  constructor(what: string) {
    this.name = `${what}-${randomBytes(4).toString('hex')}`
    this.attendance = `${this.name}.attendance`
    this.presence = `${this.name}.presence`
    this.deadLetter = `${this.name}.deadletter`
    this.commandReply = `${this.name}.command-reply`
    this.device = `${this.name}.device`
  }

  get written(): readonly string[] {
    return [this.attendance, this.presence, this.deadLetter, this.commandReply]
  }

  /** `configs` by topic, such as a small `max.message.bytes`. */
  async createTopics(
    brokers: readonly string[],
    configs: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
    partitions = 3,
  ): Promise<void> {
    const topics = [...this.written, this.device]
    await createTopics(
      brokers,
      topics.map((topic) => ({ topic, partitions, config: configs[topic] ?? {} })),
    )
  }
}

/** Kafka settings where workers are killed or frozen: the others of the group need not wait long for what was theirs. */
export const soonMissed = { sessionTimeoutMs: 3000, rebalanceTimeoutMs: 6000 } as const

/** Short waits, so that a test need not wait long; `changes` has the last word. */
export function ingestSettings(servers: IngestServers, names: IngestNames, changes: SettingsTree = {}): SettingsTree {
  const { attendance, presence, deadLetter, commandReply, device, name } = names
  const quick = { firstMs: 50, maxMs: 500 }
  const settings = {
    mqtt: { url: servers.mqttUrl, group: name, connections: 1, keepaliveSeconds: 5, reconnect: quick },
    kafka: {
      brokers: servers.kafkaBrokers,
      clientId: name,
      groupPrefix: name,
      topics: { attendance, presence, deadLetter, commandReply, device },
      connectTimeoutMs: 5000,
      requestTimeoutMs: 2000,
      retry: quick,
    },
    registry: { url: servers.registryUrl, register: 'register', timeoutMs: 2000, retry: quick },
    worker: { drainSeconds: 25 },
    observe: { host: '127.0.0.1', port: 0 },
  }
  return merge(settings, changes)
}

function merge(base: SettingsTree, changes: SettingsTree): SettingsTree {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(changes)) {
    const before = merged[name]
    merged[name] = isTree(value) && isTree(before) ? merge(before, value) : value
  }
  return merged
}

function isTree(value: unknown): value is SettingsTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `bridge run`: the built program in a process of its own. `roles` as on the command line. */
export class IngestWorker {
  readonly process: BridgeProcess
  readonly #port: number

  /** Resolves when it serves its health: it may wait for its servers then. */
  static async start(
    settings: SettingsTree,
    roles = 'ingest',
    env: Readonly<Record<string, string>> = {},
  ): Promise<IngestWorker> {
    const process = await BridgeProcess.start({
      args: ['run', '--role', roles, '--config', '{config}'],
      config: settings,
      env,
    })
    const { port } = await process.log((line) => line['event'] === 'http_listening')
    return new IngestWorker(process, Number(port))
  }

  /** Resolves when it is ready to take messages. */
  static async ready(settings: SettingsTree, roles = 'ingest'): Promise<IngestWorker> {
    const worker = await IngestWorker.start(settings, roles)
    await worker.becomes(true)
    return worker
  }

  private constructor(process: BridgeProcess, port: number) {
    this.process = process
    this.#port = port
  }

  /** The next (or past, from line `from` on) turn of readiness to `ready`. */
  async becomes(ready: boolean, from = 0, timeoutMs = patienceMs): Promise<LogLine> {
    const wanted = (line: LogLine) => line['event'] === 'readiness_changed' && line['ready'] === ready
    return this.process.log(wanted, timeoutMs, from)
  }

  /** The first line of this event, from line `from` on. */
  async says(event: string, from = 0, timeoutMs = patienceMs): Promise<LogLine> {
    return this.process.log((line) => line['event'] === event, timeoutMs, from)
  }

  lines(event: string, from = 0): LogLine[] {
    return this.process.logs.slice(from).filter((line) => line['event'] === event)
  }

  /** The number of lines so far: a place in the log to look from. */
  get now(): number {
    return this.process.logs.length
  }

  async page(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`)
    return { status: response.status, text: await response.text() }
  }

  async request(path: string, method: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#port}${path}`, { method })
  }

  async condition(name: string): Promise<ReadinessCondition> {
    const body = JSON.parse((await this.page('/readyz')).text) as { conditions: ReadinessCondition[] }
    const found = body.conditions.find((condition) => condition.name === name)
    if (found === undefined) throw new Error(`no condition ${name}`)
    return found
  }

  /** Resolves when `/readyz` shows this; it is asked, as a probe would. */
  async untilCondition(name: string, wanted: (found: ReadinessCondition) => boolean, timeoutMs = patienceMs) {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const found = await this.condition(name)
      if (wanted(found)) return found
      if (performance.now() > deadline)
        throw new Error(`${name} stayed ${JSON.stringify(found)}\n${this.process.tail()}`)
      await pause(50)
    }
  }

  /** Every series of `/metrics` with its value. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.page('/metrics')).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(
      lines.map((line): [string, number] => {
        const space = line.lastIndexOf(' ')
        return [line.slice(0, space), Number(line.slice(space + 1).replace('Inf', 'Infinity'))]
      }),
    )
  }

  /** One series; its labels as they are printed. Throws when it is not there. */
  async metric(series: string): Promise<number> {
    const value = (await this.metrics()).get(series)
    if (value === undefined) throw new Error(`no series ${series}`)
    return value
  }

  /** Resolves with the value when it is there and `holds`; the page is asked, as Prometheus would. */
  async untilMetric(series: string, holds: (value: number) => boolean, timeoutMs = patienceMs): Promise<number> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const value = (await this.metrics()).get(series)
      if (value !== undefined && holds(value)) return value
      if (performance.now() > deadline) throw new Error(`${series} stayed ${value ?? 'away'}\n${this.process.tail()}`)
      await pause(50)
    }
  }

  async close(): Promise<void> {
    await this.process.close()
  }
}

/** A file for a secret in the folder of a test. */
export async function secretFile(folder: string, name: string, secret: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `${secret}\n`, { mode: 0o600 })
  return path
}

/** The text of a punch of now, recognised by its record id. */
export function punch(recordId: string | number, userId = '17'): string {
  return JSON.stringify({
    user_id: userId,
    att_time: Math.floor(Date.now() / 1000),
    att_state: 0,
    record_id: String(recordId),
  })
}

export function evt(serial: string): string {
  return `api/mqtt/v1/${serial}/evt`
}
