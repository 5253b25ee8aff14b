/** What a message takes in memory beside its payload and the record that is made of it, about. */
const besidesPayload = 1024

/**
 * The memory that messages of QoS 0 may take on their way to Kafka. No window holds them back, and nobody repeats them:
 * while Kafka is away they would fill the memory, and with it go the messages of all devices.
 */
export class FleetingRoom {
  readonly #bytes: number
  #taken = 0

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Room for a message; 0 when there is none. Give it back with `settle`. */
  take(payloadBytes: number): number {
    const bytes = payloadBytes + besidesPayload
    if (this.#taken + bytes > this.#bytes) return 0
    this.#taken += bytes
    return bytes
  }

  /** The message that took so many bytes is stored. */
  settle(bytes: number): void {
    this.#taken -= bytes
  }
}
