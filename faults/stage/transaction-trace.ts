import type { Direction, LinkWatcher } from '../../test/kit/fault-proxy.ts'
import { Latch } from '../../test/kit/latch.ts'

/** Steps of a transaction, by the request that the bridge has just sent to Kafka. */
export type StepName =
  /** Shuts out former owners of the id (InitProducerId). */
  | 'fencing'
  /** A partition joins it (AddPartitionsToTxn). */
  | 'begun'
  /** Records (Produce). */
  | 'written'
  /** The offsets of its inputs (TxnOffsetCommit): all but the end. */
  | 'offsets'
  /** Its end (EndTxn). */
  | 'ending'
  /** Where a group is (OffsetFetch): what a new owner asks when it has fenced. */
  | 'asking'

export interface TransactionStep {
  readonly name: StepName
  /** The transactional id; of `asking` the group. */
  readonly about: string
  /** Of the connection that it went over: who it is. */
  readonly clientId: string
  /** Of the proxy. */
  readonly link: number
}

const stepOf: ReadonlyMap<number, StepName> = new Map([
  [0, 'written'],
  [9, 'asking'],
  [22, 'fencing'],
  [24, 'begun'],
  [26, 'ending'],
  [28, 'offsets'],
])
/** So much of a request holds its head, the client id and the transactional id. */
const headBytes = 1024

/** What the bridge asks of Kafka about its transactions, seen from a proxy in between. One at a time on a connection. */
export class TransactionTrace implements LinkWatcher {
  /** Steps `fencing` that met an open transaction of somebody else: it was taken over in the middle. */
  overtaken = 0
  readonly steps: TransactionStep[] = []
  /** Who has begun a transaction and not ended it, by its id. */
  readonly #open = new Map<string, string>()
  readonly #links = new Map<number, RequestReader>()
  readonly #latch = new Latch()
  readonly #strikes = new Set<(step: TransactionStep) => void>()

  /** Whether this client has a transaction open. */
  isOpen(clientId: string): boolean {
    return [...this.#open.values()].includes(clientId)
  }

  /**
   * Calls `strike` at the very moment when the next such step has gone to Kafka, before anything else is forwarded.
   * Throws when none comes in time.
   */
  async strikeAt(
    wanted: (step: TransactionStep) => boolean,
    strike: (step: TransactionStep) => void,
    timeoutMs: number,
  ): Promise<void> {
    let struck = false
    const look = (step: TransactionStep): void => {
      if (struck || !wanted(step)) return
      struck = true
      strike(step)
    }
    this.#strikes.add(look)
    try {
      await this.#latch.until('a transaction is as far as that', () => struck, timeoutMs)
    } finally {
      this.#strikes.delete(look)
    }
  }

  async until(what: string, holds: () => boolean, timeoutMs: number): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  opened(number: number): void {
    this.#links.set(number, new RequestReader((head) => this.#request(number, head)))
  }

  forwarded(number: number, direction: Direction, bytes: Buffer): void {
    if (direction === 'down') return
    this.#links.get(number)?.take(bytes)
    this.#latch.look()
  }

  closed(number: number): void {
    this.#links.delete(number)
  }

  /** api_key, api_version, correlation_id, client_id; then what it is about. */
  #request(link: number, head: Buffer): void {
    const name = stepOf.get(head.readInt16BE(0))
    if (name === undefined) return
    const [clientId, after] = textAt(head, 8)
    const [about] = textAt(head, after)
    if (clientId === null || about === null) return
    const step = { name, about, clientId, link }
    this.steps.push(step)
    if (name === 'fencing' && this.#open.delete(about)) this.overtaken += 1
    if (name === 'begun') this.#open.set(about, clientId)
    if (name === 'ending') this.#open.delete(about)
    for (const strike of this.#strikes) strike(step)
  }
}

/** A nullable text of Kafka's protocol, and where it ends. */
function textAt(bytes: Buffer, at: number): readonly [string | null, number] {
  const length = bytes.readInt16BE(at)
  return length < 0 ? [null, at + 2] : [bytes.toString('utf8', at + 2, at + 2 + length), at + 2 + length]
}

/** Cuts a stream into requests and tells the head of each when all of it has passed. */
class RequestReader {
  readonly #told: (head: Buffer) => void
  #head = Buffer.alloc(0)
  /** Bytes of this request to come; null while its length is read. */
  #left: number | null = null

  constructor(told: (head: Buffer) => void) {
    this.#told = told
  }

  take(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) {
      const most = this.#left ?? 4 - this.#head.length
      const part = rest.subarray(0, most)
      rest = rest.subarray(part.length)
      if (this.#left !== null) this.#left -= part.length
      if (this.#head.length < headBytes) this.#head = Buffer.concat([this.#head, part])
      if (this.#left === null && this.#head.length === 4) {
        this.#left = this.#head.readInt32BE(0)
        this.#head = Buffer.alloc(0)
      } else if (this.#left === 0) {
        const head = this.#head
        this.#head = Buffer.alloc(0)
        this.#left = null
        this.#told(head)
      }
    }
  }
}
