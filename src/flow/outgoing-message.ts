/** A message to publish at QoS 1, not retained. */
export interface OutgoingMessage {
  /** Messages with the same key are sent one after the other, the next one after the answer to the one before. */
  readonly orderKey: string
  readonly topic: string
  readonly payload: Buffer
  /** From this instant on it must not be sent, epoch milliseconds; null: never. Sets the message expiry. */
  readonly expiresAt: number | null
  /** How the time left becomes whole seconds of message expiry; at least 1 either way. */
  readonly roundExpiry: 'down' | 'up'
  /** Kafka timestamp of the request for it, epoch milliseconds, to tell its age when it is sent; null: not told. */
  readonly requestedAt: number | null
  readonly contentType: string
  readonly correlationData: Buffer | null
  readonly userProperties: Readonly<Record<string, string>>
  /** The broker's final answer: the reason code of its PUBACK. */
  answered(reasonCode: number): void
  /** Its expiry came before the broker answered. `wasSent`: it was sent at least once, so the broker may have it. */
  expired(wasSent: boolean): void
}
