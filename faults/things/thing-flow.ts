import { setTimeout as pause } from 'node:timers/promises'
import type { FleetNames } from '../../test/kit/fleet-names.ts'
import { FleetLog, FleetOperator } from '../../test/kit/fleet-records.ts'
import { FleetThings, type TakenPublication } from '../../test/kit/fleet-things.ts'
import { JobThings } from '../../test/kit/job-things.ts'
import { Latch } from '../../test/kit/latch.ts'

/** A numbered report of a thing. From the second on with a lock: told twice, it may be done only once. */
export interface SentReport {
  readonly token: string
  readonly thing: string
  readonly locked: boolean
  /** By the broker to the thing; epoch milliseconds. */
  acknowledgedAt: number | null
  /** The first answer that the thing got. */
  answeredAt: number | null
  /** Of the shadow, by that answer; 0 when it was no. */
  version: number
}

/** What the bridge said to a thing. */
export interface SeenPublication {
  readonly thing: string
  readonly topic: string
  readonly text: string
}

/** What things and operators have said, and what the things were told. */
export interface ThingFacts {
  readonly reports: readonly SentReport[]
  /** Events that the broker has acknowledged: thing and number. */
  readonly events: readonly string[]
  /** Ids of the requests that Kafka has taken from operators. */
  readonly requests: readonly string[]
  /** How many things each job has. */
  readonly jobs: ReadonlyMap<string, number>
  readonly seen: readonly SeenPublication[]
}

const namesOf = (letter: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${letter}${i}`)
const reporters = namesOf('r', 12)
const asked = namesOf('q', 4)

/**
 * Things that report, tell events and do jobs, and operators who ask, each waiting for its answer before it goes on.
 * Every fourth report is told twice, byte for byte, as a broker that saw no PUBACK would.
 */
export class ThingFlow implements ThingFacts {
  readonly reports: SentReport[] = []
  readonly events: string[] = []
  readonly jobs = new Map<string, number>()
  readonly seen: SeenPublication[] = []
  /** What is on Kafka, as consumers read it who see committed records only. */
  readonly log: FleetLog
  /** Failures of the things themselves. */
  readonly complaints: string[] = []
  readonly #operator: FleetOperator
  readonly #things: FleetThings
  readonly #jobThings: readonly string[]
  readonly #runners: JobThings
  readonly #open = new Map<string, SentReport>()
  readonly #latch = new Latch()
  #going = false
  #ended: Promise<unknown> = Promise.resolve()

  static async open(
    brokers: readonly string[],
    registryUrl: string,
    mqttUrl: string,
    names: FleetNames,
    jobThings: number,
  ): Promise<ThingFlow> {
    const operator = new FleetOperator(brokers, registryUrl, names)
    const workers = namesOf('j', jobThings)
    await operator.register(...reporters, ...asked, ...workers)
    const things = await FleetThings.connect(mqttUrl, `${names.name}-things`)
    const log = await FleetLog.open(brokers, names, ['thingInbox'])
    return new ThingFlow(operator, things, log, workers)
  }

  private constructor(operator: FleetOperator, things: FleetThings, log: FleetLog, jobThings: readonly string[]) {
    this.#operator = operator
    this.#things = things
    this.log = log
    this.#jobThings = jobThings
    this.#runners = new JobThings(things, jobThings)
    things.heard = (publication) => this.#heard(publication)
    things.command = (thing, executionId) => {
      things.respond(thing, executionId, { status: 'SUCCEEDED' }).catch((error: unknown) => this.#complain(error))
    }
  }

  get requests(): readonly string[] {
    return this.#operator.requestIds
  }

  get answered(): number {
    return this.reports.length - this.#open.size
  }

  /** Reports that the broker has and that have no answer. */
  get waiting(): readonly SentReport[] {
    return [...this.#open.values()].filter(({ acknowledgedAt }) => acknowledgedAt !== null)
  }

  start(): void {
    this.#going = true
    const flows = [...reporters.map(async (thing) => this.#report(thing)), this.#ask(), this.#deploy()]
    this.#ended = Promise.all(flows).catch((error: unknown) => this.#complain(error))
  }

  /** Resolves when every thing that reports has got an answer to a report that it makes from now on. */
  async everyoneAnswered(timeoutMs: number): Promise<void> {
    const from = this.reports.length
    const answered = (): Set<string> =>
      new Set(
        this.reports
          .slice(from)
          .filter(({ answeredAt }) => answeredAt !== null)
          .map(({ thing }) => thing),
      )
    await this.#latch.until('every thing gets an answer', () => answered().size === reporters.length, timeoutMs)
  }

  async until(what: string, holds: () => boolean, timeoutMs: number): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  /** No more is said. Resolves when everything was answered and every job is over. */
  async stop(timeoutMs: number): Promise<void> {
    this.#going = false
    let over = false
    const look = (): void => {
      over = true
      this.#latch.look()
    }
    this.#ended.then(look, look)
    const what = (): string =>
      `answers to ${[...this.#open.keys()].join(' ')}, the end of ${[...this.jobs.keys()].at(-1)}`
    await this.#latch.until(what, () => over, timeoutMs)
  }

  async close(): Promise<void> {
    this.#going = false
    await this.#things.close()
    await this.log.close()
  }

  #complain(error: unknown): void {
    this.complaints.push(String(error))
  }

  #heard(publication: TakenPublication): void {
    const { topic, json, packet } = publication
    // The things hear each other too.
    if (packet.properties?.userProperties?.['fleet-origin'] !== 'server') return
    const thing = topic.split('/')[2] ?? ''
    this.seen.push({ thing, topic, text: packet.payload.toString() })
    this.#runners.take(publication)
    const token = json['clientToken']
    const report =
      typeof token === 'string' && /update\/(accepted|rejected)$/.test(topic) ? this.#open.get(token) : null
    if (report !== null && report !== undefined) {
      report.answeredAt = Date.now()
      report.version = Number(json['version'] ?? 0)
      this.#open.delete(report.token)
    }
    this.#latch.look()
  }

  async #report(thing: string): Promise<void> {
    let version = 0
    let n = 0
    while (this.#going) {
      n += 1
      const token = `${thing}-${n}`
      const report: SentReport = {
        token,
        thing,
        locked: version > 0,
        acknowledgedAt: null,
        answeredAt: null,
        version: 0,
      }
      this.reports.push(report)
      this.#open.set(token, report)
      const more = { clientToken: token, ...(version > 0 ? { version } : {}) }
      await this.#things.report(thing, { n }, more)
      report.acknowledgedAt = Date.now()
      if (n % 4 === 0) await this.#things.report(thing, { n }, more)
      if (n % 2 === 0) await this.#event(thing, n)
      await this.#answerTo(report)
      version = report.version
      await pause(100)
    }
  }

  async #event(thing: string, n: number): Promise<void> {
    await this.#things.say(thing, 'events/tick', { eventType: 'tick', severity: 'info', data: { n } })
    this.events.push(`${thing} ${n}`)
  }

  /** However long it takes: what is not answered at the end is told by `stop`. */
  async #answerTo(report: SentReport): Promise<void> {
    await this.#latch.until(`an answer to ${report.token}`, () => report.answeredAt !== null, 600_000)
  }

  async #ask(): Promise<void> {
    let n = 0
    while (this.#going) {
      n += 1
      const thing = asked[n % asked.length] ?? ''
      if (n % 2 === 0) await this.#operator.setDesired(thing, `desired-${n}`, { n })
      else await this.#operator.command(thing, `command-${n}`, { ttl: 600 })
      await pause(150)
    }
  }

  /** One job after the other, all things each. */
  async #deploy(): Promise<void> {
    let n = 0
    while (this.#going) {
      n += 1
      const jobId = `job-${n}`
      this.jobs.set(jobId, this.#jobThings.length)
      await this.#operator.ask('jobRequests', {
        op: 'CREATE_JOB',
        requestId: jobId,
        jobId,
        documentJson: '{}',
        targets: { thingNames: this.#jobThings, thingGroupNames: [] },
      })
      await this.log.until('jobState', { jobId, status: 'COMPLETED' }, 600_000)
      this.#latch.look()
    }
    this.complaints.push(...this.#runners.complaints)
  }
}
