import type { FleetDecider } from '../../fleet/decider.ts'
import type { Decision } from '../../fleet/draft.ts'
import { publishResult, sendingOf } from '../../fleet/outbox.ts'
import type { FleetState } from '../../fleet/state.ts'
import type { BridgeRecord } from '../../records/bridge-record.ts'
import { catalogue } from '../../records/catalogue.ts'
import type { InboxRecord } from '../../records/generated/inbox-record.ts'
import type { JobInboxRecord } from '../../records/generated/job-inbox-record.ts'
import type { OutboxRecord } from '../../records/generated/outbox-record.ts'
import type { Output } from './engine.ts'

/** An input that waits for its turn. */
interface Waiting {
  readonly record: BridgeRecord
  /** Whether it is the line's own input, or its part for one thing: only such a one is said to be ignored. */
  readonly own: boolean
}

/** Takes a decision and, at once and in order, every step that it leads to between things, jobs and the broker. */
export class FleetCascade {
  /** The reason code with which the broker answers. */
  pubackCode = 0
  readonly #decider: FleetDecider
  readonly #state: FleetState

  constructor(decider: FleetDecider, state: FleetState) {
    this.#decider = decider
    this.#state = state
  }

  /**
   * The outputs of a decision about a line's own input. Null stands for an input that the bridge cannot have written.
   * @param entering the decision is that of ingest: what it writes to inboxes is still the line's own input
   */
  run(decision: Decision | null, now: number, entering = false): readonly Output[] {
    const outputs: Output[] = []
    const waiting: Waiting[] = []
    this.#take(decision, now, true, entering, outputs, waiting)
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { channel, value } = next.record
      const step =
        channel === 'thingInbox'
          ? this.#decider.thingInput(value as InboxRecord, now)
          : this.#decider.jobInput(value as JobInboxRecord, now)
      this.#take(step, now, next.own, false, outputs, waiting)
    }
    return outputs
  }

  /** Finishes a fan-out under way, then takes what it led to. */
  finishFanOut(jobId: string, now: number): readonly Output[] {
    const first = this.#decider.continueFanOut(jobId, now)
    return first === null ? [] : this.run(first, now)
  }

  /** A publication of the outbox and what the broker's answer leads to. */
  send(record: OutboxRecord, now: number): readonly Output[] {
    const outputs: Output[] = []
    const result = this.#publish(record, now, outputs)
    const step = result === null ? null : this.#decider.thingInput(result, now)
    // An answer is no input of the line.
    return step === null ? outputs : [...outputs, ...this.run({ ...step, ignored: null }, now)]
  }

  #take(
    decision: Decision | null,
    now: number,
    own: boolean,
    entering: boolean,
    outputs: Output[],
    waiting: Waiting[],
  ): void {
    if (decision === null) {
      if (own) outputs.push({ kind: 'ignored', reason: 'invalid_record' })
      return
    }
    const jobs = new Set<string>()
    for (const record of decision.records) {
      this.#state.apply(record)
      if (record.channel === 'jobProgress' && record.key !== null) jobs.add(record.key)
      if (record.channel === 'mqttOutbox') {
        const result = this.#publish(record.value as OutboxRecord, now, outputs)
        if (result !== null) waiting.push({ record: inboxOf(result), own: false })
      } else if (catalogue[record.channel].internal) {
        waiting.push({ record, own: own && entering })
      } else {
        outputs.push({ kind: 'record', record })
      }
    }
    if (decision.ignored !== null && own) outputs.push({ kind: 'ignored', reason: decision.ignored })
    for (const jobId of jobs) {
      const next = this.#decider.continueFanOut(jobId, now)
      if (next !== null) this.#take(next, now, false, false, outputs, waiting)
    }
  }

  #publish(record: OutboxRecord, now: number, outputs: Output[]): InboxRecord | null {
    const sending = sendingOf(record, now)
    if (sending === 'late') {
      outputs.push({ kind: 'ignored', reason: 'expired' })
      return null
    }
    const { payload, topic } = record
    outputs.push({ kind: 'publish', topic, payload, qos: 1, retain: false, expirySeconds: sending.expirySeconds })
    return publishResult(record, this.pubackCode, now)
  }
}

function inboxOf(value: InboxRecord): BridgeRecord {
  return { channel: 'thingInbox', key: value.thingName, value, headers: null, timestamp: value.receivedAt }
}
