import type { Settings } from '../config/settings.ts'
import { isJsonValue, readDeviceRecord } from '../device/device-record.ts'
import type { DeviceRegistry } from '../device/device-registry.ts'
import { AvroReader } from '../kafka/avro-reader.ts'
import type { Registry } from '../kafka/registry.ts'
import { Table } from '../kafka/table.ts'
import { Backoff } from '../kernel/backoff.ts'
import { Failure } from '../kernel/failure.ts'
import { untilItWorks } from '../kernel/retry.ts'
import { codecOf } from '../records/codec.ts'
import type { DeviceInfo } from '../records/generated/device-info.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { topicsOf } from '../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions } from './kafka-side.ts'
import type { RoleDeps } from './role.ts'

/** Keeps the device registry in step with the device topic (attendance.md 12). */
export class DeviceTable {
  readonly #table: Table
  readonly #registry: DeviceRegistry
  readonly #reader: AvroReader<DeviceInfo>
  readonly #settings: Settings
  readonly #deps: RoleDeps
  readonly #signal: AbortSignal
  readonly #known = new Set<string>()
  readonly #openedAt: number
  readonly restored: Promise<void>

  constructor(settings: Settings, schemas: Registry, registry: DeviceRegistry, deps: RoleDeps, signal: AbortSignal) {
    this.#registry = registry
    this.#reader = new AvroReader(codecOf('DeviceInfo'), schemas)
    this.#settings = settings
    this.#deps = deps
    this.#signal = signal
    this.#openedAt = deps.clock.now()
    let done: () => void = () => undefined
    this.restored = new Promise((resolve, reject) => {
      done = resolve
      signal.addEventListener('abort', () => reject(new Failure('lost', 'stopped', 'asked to stop')), { once: true })
    })
    // Whoever does not wait for it must not be killed by its rejection.
    this.restored.catch(() => undefined)
    this.#table = new Table(
      {
        client: kafkaClientOptions(settings),
        topic: topicsOf(settings).device,
        groupPrefix: settings.kafka.groupPrefix,
        maxWaitMs: settings.kafka.fetchMaxWaitMs,
        deadlineMs: adminDeadlineMs(settings),
      },
      {
        apply: (messages) => this.#apply(messages),
        restored: () => {
          const durationMs = deps.clock.now() - this.#openedAt
          deps.emit({ event: 'device_table_restored', devices: this.#known.size, durationMs })
          done()
        },
      },
      new Backoff({ ...settings.kafka.retry, random: deps.random }),
      deps.emit,
    )
  }

  open(): void {
    this.#table.open()
  }

  /** Logs in to Kafka with the files of now. */
  async renew(): Promise<void> {
    await this.#table.renew()
  }

  async close(): Promise<void> {
    await this.#table.close()
  }

  async #apply(messages: readonly KafkaMessage[]): Promise<void> {
    let changes = 0
    for (const message of messages) {
      // A record without a key speaks of no device.
      if (message.key === null) continue
      const deviceSn = Buffer.from(message.key).toString('utf8')
      const info = message.value === null ? null : await this.#read(message, message.value)
      if (info === undefined) continue
      this.#registry.apply(deviceSn, info)
      if (info === null) this.#known.delete(deviceSn)
      else this.#known.add(deviceSn)
      changes += 1
    }
    this.#deps.emit({ event: 'device_table_changed', changes, devices: this.#known.size })
  }

  /** Undefined when it cannot be read: the former entry stays. Waits for the registry as long as it takes. */
  async #read(message: KafkaMessage, value: Uint8Array): Promise<DeviceInfo | undefined> {
    try {
      if (isJsonValue(value)) {
        const info = readDeviceRecord(value, this.#settings.attendance.limits.depth)
        if (info === null) throw new Failure('malformed', 'DECODE_FAILED', 'no JSON object of a device entry')
        return info
      }
      return await untilItWorks(
        () => this.#reader.read(value),
        new Backoff({ ...this.#settings.registry.retry, random: this.#deps.random }),
        // The registry has told of it already.
        () => undefined,
        this.#signal,
      )
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'malformed') throw error
      const { partition, offset } = message
      this.#deps.emit({ event: 'device_record_unreadable', partition, offset, error: error.message })
      return undefined
    }
  }
}
