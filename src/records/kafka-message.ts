/** One record as the bridge consumed it. */
export interface KafkaMessage {
  readonly topic: string
  readonly partition: number
  /** Decimal digits, as Kafka counts beyond 2^53. */
  readonly offset: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  /** Kafka's record timestamp, epoch milliseconds. */
  readonly timestamp: number
}
