import type { CommandEffect } from '../../commands/command-effect.ts'
import { CommandPartition } from '../../commands/command-partition.ts'
import { type CommandReading, formOf, readJsonCommand } from '../../commands/command-request.ts'
import { type CommandSettings, compileCommands } from '../../commands/command-rules.ts'
import type { BridgeRecord } from '../../records/bridge-record.ts'
import type { ChannelName } from '../../records/catalogue.ts'
import type { PresenceEvent } from '../../records/generated/presence-event.ts'
import type { KafkaMessage } from '../../records/kafka-message.ts'
import { channelsByTopic, type TopicSettings, topicsOf } from '../../records/topics.ts'
import type { Engine, ExplainedKafkaMessage, Output } from './engine.ts'
import { datumOf } from './plain-datum.ts'

/** Attendance commands behind `bridge explain`: one worker that owns all partitions, answered by a broker at once. */
export class CommandsEngine implements Engine {
  readonly #partition: CommandPartition
  readonly #channels: ReadonlyMap<string, ChannelName>
  readonly #depth: number
  #pubackCode = 0

  constructor(settings: CommandSettings & TopicSettings, bridgeVersion: string) {
    const rules = compileCommands(settings, bridgeVersion)
    this.#partition = new CommandPartition(rules)
    this.#channels = channelsByTopic(topicsOf(settings))
    this.#depth = rules.depth
  }

  puback(code: number): void {
    this.#pubackCode = code
  }

  nextDeadline(): number | null {
    return this.#partition.nextDeadline()
  }

  fire(deadline: number): readonly Output[] {
    return this.#run(this.#partition.fire(deadline), deadline)
  }

  /** Messages of devices are read by ingest; what concerns commands arrives through {@link follow}. */
  mqtt(): null {
    return null
  }

  kafka(message: ExplainedKafkaMessage, at: number): readonly Output[] | null {
    const channel = this.#channels.get(message.topic)
    if (channel === 'command') return this.#run(this.#partition.request(message, this.#read(message), at), at)
    if (channel === 'commandReply') return this.#run(this.#partition.reply(message, at), at)
    if (channel === 'commandStatus') {
      this.#restore(message)
      return []
    }
    if (channel !== 'presence') return null
    const report = datumOf('PresenceEvent', message.plain)
    return report === null ? [] : this.#observe(report, at)
  }

  follow(record: BridgeRecord, at: number): readonly Output[] {
    if (record.channel === 'presence') return this.#observe(record.value as PresenceEvent, at)
    if (record.channel !== 'commandReply') return []
    return this.#run(this.#partition.reply(handedOn(record), at), at)
  }

  #read(message: ExplainedKafkaMessage): CommandReading {
    const { value, plain } = message
    if (plain !== undefined && value !== null) {
      const request = datumOf('CommandRequest', plain)
      return request === null ? { kind: 'unreadable' } : { kind: 'request', request }
    }
    const form = formOf(value)
    if (form === 'tombstone') return { kind: 'tombstone' }
    // Without a registry nothing in the wire format can be decoded.
    return form === 'json' && value !== null ? readJsonCommand(value, this.#depth) : { kind: 'unreadable' }
  }

  #restore(message: ExplainedKafkaMessage): void {
    const status = datumOf('CommandStatus', message.plain)
    if (status !== null) this.#partition.restore({ status, mqttTopic: message.headers['mqtt_topic'] ?? null })
  }

  #observe(report: PresenceEvent, at: number): readonly Output[] {
    if (report.status !== 'ONLINE' || report.reason === 'RETAINED_SNAPSHOT') return []
    return this.#run(this.#partition.online(report.deviceSn, at), at)
  }

  /** Prints effects in order; each publication is answered before the next effect. */
  #run(effects: readonly CommandEffect[], at: number): readonly Output[] {
    return effects.flatMap((effect): readonly Output[] => {
      switch (effect.kind) {
        case 'record':
          return [{ kind: 'record', record: effect.record }]
        case 'ignored':
          return [{ kind: 'ignored', reason: effect.reason }]
        case 'counted':
          return []
        case 'publish': {
          const { ticket, topic, payload, expirySeconds } = effect.publication
          const answer = this.#run(this.#partition.puback(ticket, this.#pubackCode, at), at)
          return [{ kind: 'publish', topic, payload, qos: 1, retain: false, expirySeconds }, ...answer]
        }
      }
    })
  }
}

/** A record on its way to the internal reply topic as the worker would consume it. */
function handedOn(record: BridgeRecord): KafkaMessage {
  return {
    topic: '',
    partition: 0,
    offset: '0',
    key: record.key === null ? null : Buffer.from(record.key, 'utf8'),
    value: record.value instanceof Uint8Array ? record.value : null,
    headers: record.headers ?? {},
    timestamp: record.timestamp,
  }
}
