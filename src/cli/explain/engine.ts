import type { JsonValue } from '../../json/json-value.ts'
import type { BridgeRecord } from '../../records/bridge-record.ts'
import type { KafkaMessage } from '../../records/kafka-message.ts'
import type { MqttMessage } from '../../records/mqtt-message.ts'

/** A consumed record of an input line. */
export interface ExplainedKafkaMessage extends KafkaMessage {
  /**
   * The member `value` of the line: the record as plain JSON. `value` then holds its compact text. Undefined when the
   * line gave raw bytes or a tombstone.
   */
  readonly plain?: JsonValue | undefined
}

export interface HttpRequest {
  readonly method: string
  readonly path: string
  /** `valid`, `none`, or the literal value of the authorization header. */
  readonly auth: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonValue | undefined
  /** Time of the line, epoch milliseconds. */
  readonly at: number
}

/** One thing an input caused. */
export type Output =
  | { readonly kind: 'record'; readonly record: BridgeRecord }
  | {
      readonly kind: 'publish'
      readonly topic: string
      readonly payload: Uint8Array
      readonly qos: number
      readonly retain: boolean
      readonly expirySeconds: number | null
    }
  | {
      readonly kind: 'http'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      /** JSON text, or undefined when the response has no body. */
      readonly body: string | undefined
    }
  | { readonly kind: 'ignored'; readonly reason: string }

/**
 * One domain behind `bridge explain`. Every input goes to the engines in order; the first that does not answer null
 * has taken it. Each record that a step causes is offered to every engine through `follow`, those of internal topics
 * too, and what that causes likewise. `ignored` is printed for inputs and for `follow`, never for timers.
 */
export interface Engine {
  /**
   * Before the timers of a line that comes after others: work held back while state was restored.
   *
   * @param kafkaTopic topic of the line's record, null when it has none
   * @param previousAt time of the line before
   */
  beforeLine?(kafkaTopic: string | null, previousAt: number): readonly Output[]
  /** The earliest timer, epoch milliseconds; null when none is set. */
  nextDeadline(): number | null
  /** Runs the timers due at exactly that time. */
  fire(deadline: number): readonly Output[]
  mqtt(message: MqttMessage): readonly Output[] | null
  /** `at` is the clock of the line. */
  kafka(record: ExplainedKafkaMessage, at: number): readonly Output[] | null
  http?(request: HttpRequest): readonly Output[] | null
  /** The reason code with which the broker answers publications from here on. */
  puback?(code: number): void
  /** A record that some engine produced in this step: device presence, command replies, inbox records. */
  follow?(record: BridgeRecord, at: number): readonly Output[]
}
