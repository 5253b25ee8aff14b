import type { Backoff } from '../kernel/backoff.ts'
import type { Clock } from '../kernel/clock.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { type BridgeRecord, deadLetterCode } from '../records/bridge-record.ts'
import type { Ticket } from './ticket.ts'

/** Records on their way to Kafka together. Grows until it is full or its turn comes. */
export interface Batch {
  readonly records: number
  readonly bytes: number
  /** How many of its records are dead letters, by code; the rest are counted as produced. */
  readonly deadLetters: ReadonlyMap<string, number>
  /** Takes a record in, or says that this batch is full. Throws a Failure of kind `malformed` when it cannot be encoded. */
  append(record: BridgeRecord, ticket: Ticket, item: number): boolean
  /** Tells every ticket that its record is stored. */
  settle(): void
}

/** Where batches go. One at a time. */
export interface Writer<B extends Batch> {
  newBatch(): B
  /**
   * Resolves when Kafka has acknowledged every record. Rejects with a Failure: `transient` or `malformed`; `lost` when
   * `mayGo`, asked last before the batch is handed over, says no.
   */
  write(batch: B, mayGo: () => boolean): Promise<void>
  /**
   * Finds the records of the batch that Kafka refuses for good and stores the others. Tells the tickets of the others.
   * When `refused` throws, the record stays where it is. Rejects with a `transient` Failure when it could not finish; it may then be called again and goes on.
   */
  isolate(
    batch: B,
    refused: (record: BridgeRecord, ticket: Ticket, item: number, failure: Failure) => void,
  ): Promise<void>
}

export interface SenderOptions {
  /** At least this long between two sends when there is no full batch. 0 sends at once. */
  readonly gapMs: number
  /** A write that takes longer is reported as a stall; it is not given up. */
  readonly stallMs: number
}

export interface SenderDeps<B extends Batch> {
  readonly writer: Writer<B>
  readonly clock: Clock
  readonly emit: Emit
  readonly backoff: Backoff
  /** Called after each batch, when its tickets have been told: the moment to send acknowledgements. */
  readonly settled: () => void
  /** Called before anything is written: the last moment to `abandon()`, for who finds that it was asleep. */
  readonly beforeWrite: () => void
}

type State =
  | { readonly name: 'idle' }
  | { readonly name: 'gap'; readonly timer: NodeJS.Timeout }
  | { readonly name: 'flying'; readonly since: number; readonly records: number; stalled: boolean }
  | { readonly name: 'closed' }

/**
 * One batch in flight while the next one grows; so the order of a device's records is the order of its messages.
 *
 * What fails for now is tried again for ever, unacknowledged: the windows upstream fill, and that is the
 * back-pressure. What Kafka refuses for good becomes a dead letter, alone.
 */
export class Sender<B extends Batch = Batch> {
  readonly #options: SenderOptions
  readonly #deps: SenderDeps<B>
  #state: State = { name: 'idle' }
  #growing: B
  readonly #full: B[] = []
  #lastSend = 0
  #pending = 0
  #whenEmpty: (() => void)[] = []
  /** Counts how often everything was abandoned: a flight of an earlier time is not tried again. */
  #time = 0

  constructor(options: SenderOptions, deps: SenderDeps<B>) {
    this.#options = options
    this.#deps = deps
    this.#growing = deps.writer.newBatch()
  }

  /** Records that have been appended and are neither stored nor refused. */
  get pending(): number {
    return this.#pending
  }

  /** Milliseconds since the flight in the air took off; 0 when nothing flies. */
  flightAgeMs(): number {
    return this.#state.name === 'flying' ? this.#deps.clock.now() - this.#state.since : 0
  }

  append(record: BridgeRecord, ticket: Ticket, item: number): void {
    this.#pending += 1
    let current: BridgeRecord | null = record
    while (current !== null) {
      try {
        if (this.#growing.append(current, ticket, item)) return
        this.#full.push(this.#growing)
        this.#growing = this.#deps.writer.newBatch()
        if (this.#growing.append(current, ticket, item)) return
        throw new Failure('malformed', 'PRODUCE_REJECTED', 'the record does not fit an empty batch')
      } catch (error) {
        current = this.#refuse(current, ticket, item, asFailure(error))
      }
    }
    // Not even a dead letter could be encoded: only a bug gets here. The conservation gauge keeps showing it.
    this.#pending -= 1
    ticket.stored()
  }

  /** Sends if it is time to. Call it when a run of records has been appended. */
  kick(): void {
    if (this.#state.name !== 'idle') return
    const batch = this.#full.shift()
    if (batch !== undefined) {
      this.#takeOff(batch)
      return
    }
    if (this.#growing.records === 0) {
      if (this.#pending === 0) this.#resolveEmpty()
      return
    }
    const wait = this.#lastSend + this.#options.gapMs - this.#deps.clock.now()
    // A clock that was set back must not hold the batch.
    if (wait <= 0 || wait > this.#options.gapMs) {
      this.#takeOff(this.#swap())
      return
    }
    const timer = setTimeout(() => {
      this.#state = { name: 'idle' }
      if (this.#growing.records > 0 && this.#full.length === 0) this.#takeOff(this.#swap())
      else this.kick()
    }, wait)
    this.#state = { name: 'gap', timer }
  }

  /** Resolves when everything that was appended is stored. New records may still come. */
  async drained(): Promise<void> {
    if (this.#pending === 0 && this.#state.name !== 'flying') return
    await new Promise<void>((resolve) => {
      this.#whenEmpty.push(resolve)
      this.kick()
    })
  }

  /**
   * Drops what is not written yet; its tickets are never told. What flies may land, but is not tried again. Resolves
   * when nothing from before can be stored any more.
   */
  async abandon(): Promise<void> {
    this.#time += 1
    const flying = this.#state.name === 'flying' ? this.#state.records : 0
    const dropped = this.#pending - flying
    this.#pending = flying
    this.#full.length = 0
    this.#growing = this.#deps.writer.newBatch()
    this.#countAbandoned(dropped)
    await this.drained()
  }

  /** Stops sending. What is still pending stays unacknowledged, so the other side repeats it. */
  close(): void {
    if (this.#state.name === 'gap') clearTimeout(this.#state.timer)
    this.#state = { name: 'closed' }
    this.#resolveEmpty()
  }

  #swap(): B {
    const batch = this.#growing
    this.#growing = this.#deps.writer.newBatch()
    return batch
  }

  #takeOff(batch: B): void {
    const since = this.#deps.clock.now()
    this.#state = { name: 'flying', since, records: batch.records, stalled: false }
    this.#lastSend = since
    this.#fly(batch, since).then(
      () => this.#landed(),
      (error: unknown) => {
        // Only a bug gets here: every way of failing is handled in the flight. Let the process end loudly.
        queueMicrotask(() => {
          throw error
        })
      },
    )
  }

  #landed(): void {
    if (this.#state.name === 'closed') return
    this.#state = { name: 'idle' }
    this.#deps.settled()
    if (this.#pending === 0) this.#resolveEmpty()
    this.kick()
  }

  async #fly(batch: B, since: number): Promise<void> {
    const { writer, backoff, clock, emit } = this.#deps
    const watch = setTimeout(() => this.#stall('no_answer', 'Kafka has not answered yet'), this.#options.stallMs)
    const records = batch.records
    const deadLetters = new Map(batch.deadLetters)
    let refused = 0
    let isolating = false
    const time = this.#time
    const mayGo = (): boolean => {
      this.#deps.beforeWrite()
      return this.#time === time
    }
    for (;;) {
      try {
        if (!mayGo()) throw new Failure('lost', 'abandoned', 'abandoned before it was written')
        if (isolating) {
          await writer.isolate(batch, (record, ticket, item, failure) => {
            this.#replace(record, ticket, item, failure)
            refused += 1
            const code = deadLetterCode(record)
            if (code !== null) deadLetters.set(code, (deadLetters.get(code) ?? 1) - 1)
          })
        } else {
          await writer.write(batch, mayGo)
        }
        break
      } catch (error) {
        const failure = asFailure(error)
        if (failure.kind === 'malformed') {
          isolating = true
          continue
        }
        if (this.#time !== time) {
          clearTimeout(watch)
          this.#pending -= records
          this.#countAbandoned(records)
          this.#recovered(since)
          return
        }
        this.#stall(failure.code, failure.message)
        await new Promise((resolve) => setTimeout(resolve, backoff.next()))
        if (this.#state.name === 'closed') break
      }
    }
    clearTimeout(watch)
    if (this.#state.name === 'closed') return
    backoff.reset()
    const tookMs = clock.now() - since
    this.#recovered(since)
    if (!isolating) batch.settle()
    this.#pending -= records
    emit({
      event: 'batch_stored',
      records: records - refused,
      deadLetters,
      bytes: batch.bytes,
      durationMs: tookMs,
    })
  }

  /** Whoever owns the inputs now decides them again, and counts them there. */
  #countAbandoned(records: number): void {
    if (records === 0) return
    const ignored = new Map([['partition_lost', records]])
    this.#deps.emit({ event: 'inputs_decided', input: 'kafka', messages: 0, received: 0, ignored })
  }

  #stall(code: string, message: string): void {
    if (this.#state.name !== 'flying' || this.#state.stalled) return
    this.#state.stalled = true
    this.#deps.emit({ event: 'kafka_send_stalled', code, error: message, pending: this.#pending })
  }

  #recovered(since: number): void {
    if (this.#state.name !== 'flying' || !this.#state.stalled) return
    this.#deps.emit({ event: 'kafka_send_recovered', afterMs: this.#deps.clock.now() - since })
  }

  /** A record of a flying batch was refused: its dead letter joins the growing batch in its place. */
  #replace(record: BridgeRecord, ticket: Ticket, item: number, failure: Failure): void {
    const deadLetter = this.#refuse(record, ticket, item, failure)
    // Kafka refuses even the smallest dead letter: wait for somebody to mend the topic, rather than lose the message.
    if (deadLetter === null)
      throw new Failure('transient', 'too_large', `a dead letter was refused: ${failure.message}`)
    this.append(deadLetter, ticket, item)
  }

  #refuse(record: BridgeRecord, ticket: Ticket, item: number, failure: Failure): BridgeRecord | null {
    this.#deps.emit({ event: 'record_refused', channel: record.channel, code: failure.code, error: failure.message })
    return ticket.refused(record, item, failure)
  }

  #resolveEmpty(): void {
    const waiting = this.#whenEmpty
    this.#whenEmpty = []
    for (const resolve of waiting) resolve()
  }
}

function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure('transient', 'unexpected', messageOf(error), { cause: error })
}
