import { FleetDecider } from '../fleet/decider.ts'
import { type Decision, Draft } from '../fleet/draft.ts'
import { FleetState, isStateChannel } from '../fleet/state.ts'
import { timerRecord } from '../fleet/timers.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Lane } from '../observe/watchdog.ts'
import { type BridgeRecord, deadLetterCode } from '../records/bridge-record.ts'
import type { JobProgress } from '../records/generated/job-progress.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { decideInput, type ReadInput, refuseInput } from './fleet-decision.ts'
import { type FleetMeasure } from './fleet-measure.ts'
import {
  type FleetInput,
  type FleetPorts,
  type FleetTopic,
  type FleetTransactions,
  fleetInputs,
  type InputOffset,
  type ThingMemory,
} from './fleet-ports.ts'
import { FleetRestore, type StateBounds } from './fleet-restore.ts'
import type { Refusals } from './refusals.ts'

/** Where a partition begins. */
export interface FleetStart {
  readonly inputs: Readonly<Record<FleetInput, bigint>>
  /** Offset before which a former owner has taken the records of the registry. */
  readonly registered: bigint
  readonly state: StateBounds
}

/**
 * What a partition is doing. Forward only:
 *
 * - `restoring`: reads its own state back to the end that it had when former owners were shut out.
 * - `live`: takes inputs, some at a time, each run in one transaction.
 * - `over`: it is lost, or a transaction failed; what was decided since is void, the next owner starts from the state.
 */
type Phase = 'restoring' | 'live' | 'over'

/** Answers to requests that are too old to be repeated leave the memory this often. */
const forgetEveryMs = 60_000
/** Bytes of records that may be handed over and not taken, before no more are read: whatever takes longer than reading. */
const maxUntakenBytes = 16 * 1024 * 1024

/** Owns the things and jobs of one partition number. */
export class FleetWorker {
  readonly partition: number
  readonly #ports: FleetPorts
  readonly #transactions: FleetTransactions
  readonly #refusals: Refusals
  readonly #memory: ThingMemory
  readonly #state: FleetState
  readonly #decider: FleetDecider
  readonly #start: FleetStart
  readonly #hooks: {
    readonly live: (worker: FleetWorker) => void
    readonly failed: (worker: FleetWorker, failure: Failure) => void
  }
  readonly #restore: FleetRestore
  #phase: Phase = 'restoring'
  #turn: Promise<void> = Promise.resolve()
  #waiting: ReadInput[] = []
  #untakenBytes = 0
  #working = false
  #paused = false
  /** The clock of this partition, which never goes back. */
  #now = 0
  #forgotAt = 0
  #beganAt = 0
  #commits = 0

  /** `refusals`: what former workers of this partition learned, and this one adds to. */
  constructor(
    partition: number,
    start: FleetStart,
    transactions: FleetTransactions,
    refusals: Refusals,
    memory: ThingMemory,
    ports: FleetPorts,
    hooks: {
      readonly live: (worker: FleetWorker) => void
      readonly failed: (worker: FleetWorker, failure: Failure) => void
    },
  ) {
    this.partition = partition
    this.#start = start
    this.#transactions = transactions
    this.#refusals = refusals
    this.#memory = memory
    this.#ports = ports
    this.#hooks = hooks
    this.#state = new FleetState(ports.settings, memory)
    this.#decider = new FleetDecider(ports.settings, ports.registry, this.#state)
    this.#restore = new FleetRestore(start.state, this.#state, memory, ports.read)
  }

  get isLive(): boolean {
    return this.#phase === 'live'
  }

  /** Inputs read and not committed. */
  get pending(): number {
    return this.#waiting.length
  }

  /** How it stands, for the metrics. `now`: epoch milliseconds. */
  measure(now: number): FleetMeasure {
    const { counts } = this.#state
    const deadline = this.#phase === 'live' ? this.nextDeadline() : null
    return {
      unrestored: this.#phase === 'restoring' ? this.#restore.left() : 0,
      commandsOpen: counts.of('command', 'SENT'),
      executionsQueued: counts.of('execution', 'QUEUED'),
      executionsInProgress: counts.of('execution', 'IN_PROGRESS'),
      jobsInProgress: counts.of('job', 'IN_PROGRESS'),
      jobsCompleted: counts.of('job', 'COMPLETED'),
      jobsCanceled: counts.of('job', 'CANCELED'),
      timerLagMs: deadline === null ? 0 : Math.max(0, now - deadline),
    }
  }

  /** Inputs that wait, for whoever watches that they get finished. */
  progress(): Lane {
    const says = `${this.#commits} transactions, ${this.#working ? 'one under way' : 'none under way'}, ${this.#phase}`
    return { name: `partition ${this.partition}`, pending: this.pending, done: this.#commits, says }
  }

  /** When the next timer is due, epoch milliseconds; null when none is set. */
  nextDeadline(): number | null {
    return this.#state.timers.first()?.deadline ?? null
  }

  begin(): void {
    const { source } = this.#ports
    this.#beganAt = this.#ports.clock.now()
    for (const [channel, from] of this.#restore.unread) source.startAt(channel, this.partition, from)
    if (this.#restore.unread.size === 0) this.#then(() => this.#goLive())
  }

  end(): void {
    this.#phase = 'over'
    this.#waiting = []
    this.#transactions.close().catch(() => undefined)
    this.#memory.close().catch(() => undefined)
  }

  records(messages: readonly KafkaMessage[], topic: FleetTopic, next: bigint): void {
    // A partition that starts over is still read from where it was: it comes again, from the committed offset on.
    if (this.#phase === 'restoring' && !isStateChannel(topic)) return
    const bytes = messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    this.#untakenBytes += bytes
    this.#then(async () => {
      await this.#take(messages, topic, next)
      this.#untakenBytes -= bytes
      this.#steer()
    })
    // What waits for nothing has been taken by then.
    setImmediate(() => this.#steer())
  }

  /** Appends what is due to the things' inboxes. */
  tick(now: number): void {
    if (now - this.#forgotAt >= forgetEveryMs) {
      this.#forgotAt = now
      this.#state.results.forget(now)
    }
    const deadline = this.nextDeadline()
    if (this.#phase === 'live' && deadline !== null && deadline <= now) this.#work()
  }

  #then(step: () => Promise<void>): void {
    this.#turn = this.#turn.then(step).catch((error: unknown) => this.#fail(error))
  }

  async #take(messages: readonly KafkaMessage[], topic: FleetTopic, next: bigint): Promise<void> {
    if (this.#phase === 'over') return
    if (isStateChannel(topic)) {
      const isEnd = await this.#restore.take(messages, topic, next)
      // It may have been lost while it was read.
      if (!isEnd || this.#phase !== 'restoring') return
      this.#ports.source.pause(topic, this.partition)
      if (this.#restore.unread.size === 0) await this.#goLive()
      return
    }
    // A thing whose end is decided must not be served after it, which would leave a state that nobody ends.
    const last = messages.at(-1)
    if (topic === 'thingRegistry' && last !== undefined) {
      await this.#ports.registered(this.partition, BigInt(last.offset) + 1n)
    }
    for (const message of messages) {
      const value = message.value === null ? null : await this.#ports.read(topic, message)
      this.#waiting.push({ input: topic, message, value })
    }
    this.#work()
  }

  async #goLive(): Promise<void> {
    // Likewise what a former owner has decided on.
    await this.#ports.registered(this.partition, this.#start.registered)
    // It may have been lost meanwhile.
    if (this.#phase !== 'restoring') return
    this.#phase = 'live'
    this.#paused = false
    const { partition } = this
    const durationMs = this.#ports.clock.now() - this.#beganAt
    this.#ports.emit({ event: 'fleet_restored', partition, records: this.#restore.records, durationMs })
    for (const input of fleetInputs) this.#ports.source.startAt(input, this.partition, this.#start.inputs[input])
    this.#hooks.live(this)
    // A fan-out that was under way goes on before the first input.
    this.#work()
  }

  /** One transaction after the other as long as there is something to do. */
  #work(): void {
    if (this.#working || this.#phase !== 'live') return
    this.#working = true
    this.#run().then(
      () => {
        this.#working = false
        // What came after the last look and before this.
        if (this.#waiting.length > 0) this.#work()
      },
      (error: unknown) => this.#fail(error),
    )
  }

  async #run(): Promise<void> {
    await this.#finishFanOuts()
    for (;;) {
      if (this.#phase !== 'live') return
      await this.#appendTimers()
      const inputs = this.#refusals.next(this.#waiting, this.#ports.maxInputs)
      if (inputs.length === 0) return
      const taken = await this.#takeInputs(inputs)
      this.#waiting.splice(0, taken)
      this.#steer()
    }
  }

  /** Decides on some inputs and commits what they led to, with their offsets. Returns how many it took. */
  async #takeInputs(inputs: readonly ReadInput[]): Promise<number> {
    const records: BridgeRecord[] = []
    const ignored = new Map<string, number>()
    let taken = 0
    let fanOut = false
    for (const input of inputs) {
      const decision = this.#decide(input)
      taken += 1
      const reason = decision === null ? 'invalid_record' : decision.ignored
      if (reason !== null) ignored.set(reason, (ignored.get(reason) ?? 0) + 1)
      if (decision === null) continue
      this.#report(decision)
      this.#apply(decision, records)
      fanOut = decision.records.some(hasFanOut)
      // What a job says to its things goes out in transactions of its own, before the next input.
      if (fanOut) break
    }
    await this.#commit(records, inputs.slice(0, taken), ignored)
    if (fanOut) await this.#finishFanOuts()
    return taken
  }

  /** One input that meets a bug must not stop its partition: it is kept as a dead letter, and nothing else changes. */
  #decide(input: ReadInput): Decision | null {
    const now = this.#clock()
    const why = this.#refusals.reasonOf(input)
    try {
      if (why !== null) return refuseInput(this.#decider, input, now, why)
      return decideInput(this.#decider, input, now)
    } catch (error) {
      // The memory of things has failed, which no input is to blame for.
      if (error instanceof Failure) throw error
      const draft = new Draft(now)
      draft.fault = error
      const { key, topic, value } = input.message
      const text = key === null ? null : Buffer.from(key).toString('utf8')
      draft.deadLetter(text, topic, 'InvalidRecord', 'an error that nobody expected', value)
      return draft
    }
  }

  async #finishFanOuts(): Promise<void> {
    for (const jobId of this.#state.fanningOut()) {
      for (;;) {
        const decision = this.#decider.continueFanOut(jobId, this.#clock())
        if (decision === null) break
        const records: BridgeRecord[] = []
        this.#apply(decision, records)
        await this.#commit(records, [], noneIgnored)
      }
    }
  }

  async #appendTimers(): Promise<void> {
    const now = this.#clock()
    const records: BridgeRecord[] = []
    for (let timer = this.#state.timers.take(now); timer !== null; timer = this.#state.timers.take(now)) {
      const value = timerRecord(timer, now)
      records.push({ channel: 'thingInbox', key: timer.thingName, value, headers: null, timestamp: now })
      if (records.length >= this.#ports.maxInputs) break
    }
    if (records.length === 0) return
    await this.#commit(records, [], noneIgnored)
  }

  /** Counted only when it is committed: what a failed transaction held is decided again by the next owner. */
  async #commit(
    records: readonly BridgeRecord[],
    inputs: readonly ReadInput[],
    reasons: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { clock, emit } = this.#ports
    const offsets = new Map<FleetInput, bigint>()
    for (const { input, message } of inputs) offsets.set(input, BigInt(message.offset) + 1n)
    const consumed = [...offsets].map(([input, offset]): InputOffset => ({ input, offset }))
    const began = clock.now()
    try {
      await this.#transactions.write(records, consumed, this.#refusals.singly(inputs) ? 'singly' : 'together')
    } catch (error) {
      if (error instanceof Failure && error.kind === 'malformed') this.#fell(inputs, error)
      throw error
    }
    this.#refusals.passed(inputs)
    this.#commits += 1
    await this.#memory.settle()
    const durationMs = clock.now() - began
    const deadLetters = new Map<string, number>()
    let ignored = 0
    for (const count of reasons.values()) ignored += count
    for (const record of records) {
      const code = deadLetterCode(record)
      if (code !== null) deadLetters.set(code, (deadLetters.get(code) ?? 0) + 1)
    }
    const received = records.length + ignored
    emit({ event: 'inputs_decided', input: 'kafka', received, messages: inputs.length, ignored: reasons })
    emit({ event: 'batch_stored', records: records.length, deadLetters, bytes: 0, durationMs })
    emit({ event: 'transaction_committed', durationMs })
  }

  #fell(inputs: readonly ReadInput[], { code, message }: Failure): void {
    if (!this.#refusals.fell(inputs, `Kafka refuses what it leads to: ${message}`)) return
    this.#ports.emit({ event: 'record_refused', channel: inputs[0]?.input ?? '', code, error: message })
  }

  /** State follows at once, so that the next decision sees it. Should the transaction fail, all of it is thrown away. */
  #apply(decision: Decision, records: BridgeRecord[]): void {
    for (const record of decision.records) {
      this.#state.apply(record)
      records.push(record)
    }
  }

  #report({ fault }: Decision): void {
    if (fault === undefined) return
    this.#ports.emit({
      event: 'unexpected_error',
      where: 'fleet_decider',
      error: fault instanceof Error ? fault.name : '?',
    })
  }

  #clock(): number {
    this.#now = Math.max(this.#now, this.#ports.clock.now())
    return this.#now
  }

  #steer(): void {
    if (this.#phase === 'over') return
    const { maxWaiting, source } = this.#ports
    const full = Math.max(this.#waiting.length / maxWaiting, this.#untakenBytes / maxUntakenBytes)
    const pause = full >= 1 || (this.#paused && full > 1 / 2)
    if (pause === this.#paused) return
    this.#paused = pause
    for (const topic of this.#phase === 'live' ? fleetInputs : this.#restore.unread.keys()) {
      if (pause) source.pause(topic, this.partition)
      else source.resume(topic, this.partition)
    }
  }

  #fail(error: unknown): void {
    if (this.#phase === 'over') return
    this.end()
    for (const input of fleetInputs) this.#ports.source.pause(input, this.partition)
    const failure =
      error instanceof Failure ? error : new Failure('transient', 'unexpected', messageOf(error), { cause: error })
    this.#hooks.failed(this, failure)
  }
}

const noneIgnored: ReadonlyMap<string, number> = new Map()

function hasFanOut({ channel, value }: BridgeRecord): boolean {
  return channel === 'jobProgress' && (value as JobProgress | null)?.fanOut != null
}
