/** One PUBLISH as the broker delivered it. */
export interface MqttMessage {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: boolean
  /** Value of the first MQTT user property named `traceparent`, as sent; null when there is none. */
  readonly traceparent: string | null
  /** Bridge clock when the message was received, epoch milliseconds. */
  readonly receivedAt: number
}
