import type { Settings } from '../../config/settings.ts'
import { readDeviceRecord } from '../../device/device-record.ts'
import { DeviceRegistry } from '../../device/device-registry.ts'
import { toPlain } from '../../json/json-value.ts'
import type { Outcome } from '../../records/bridge-record.ts'
import type { DeviceInfo } from '../../records/generated/device-info.ts'
import type { MqttMessage } from '../../records/mqtt-message.ts'
import { fromPlain } from '../../records/plain.ts'
import { compileIngest, decideIngest, type IngestRules, routeOf } from '../../routes/ingest.ts'
import type { Engine, ExplainedKafkaMessage, Output } from './engine.ts'
import type { Surroundings } from './engines.ts'

/** Ingest of time-clocks: punches, presence, replies handed on, and the registry of devices. Keeps no timers. */
export class DeviceEngine implements Engine {
  readonly #rules: IngestRules
  readonly #registry: DeviceRegistry
  readonly #deviceTopic: string
  readonly #depth: number
  readonly #randomUuid: () => string

  constructor(settings: Settings, surroundings: Surroundings) {
    this.#rules = compileIngest(settings, surroundings.bridgeVersion)
    this.#registry = new DeviceRegistry(settings)
    this.#deviceTopic = settings.kafka.topics.device
    this.#depth = settings.attendance.limits.depth
    this.#randomUuid = surroundings.randomUuid
  }

  nextDeadline(): null {
    return null
  }

  fire(): readonly Output[] {
    return []
  }

  mqtt(message: MqttMessage): readonly Output[] | null {
    if (routeOf(message.topic, this.#rules) === 'fleet') return null
    return decideIngest(message, this.#rules, this.#registry, this.#randomUuid).map(outputOf)
  }

  kafka(record: ExplainedKafkaMessage): readonly Output[] | null {
    if (record.topic !== this.#deviceTopic) return null
    if (record.key === null) return []
    const deviceSn = Buffer.from(record.key).toString('utf8')
    if (record.value === null) this.#registry.apply(deviceSn, null)
    else {
      const info = this.#read(record, record.value)
      if (info !== null) this.#registry.apply(deviceSn, info)
    }
    return []
  }

  /** Null when it cannot be read: the former entry stays. */
  #read(record: ExplainedKafkaMessage, value: Uint8Array): DeviceInfo | null {
    if (record.plain === undefined) return readDeviceRecord(value, this.#depth)
    try {
      return fromPlain('DeviceInfo', toPlain(record.plain))
    } catch {
      return null
    }
  }
}

function outputOf(outcome: Outcome): Output {
  return outcome.kind === 'ignored' ? outcome : { kind: 'record', record: outcome.record }
}
