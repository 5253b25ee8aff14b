import { FleetDecider, type RegistryInput } from '../../fleet/decider.ts'
import { RateLimit } from '../../fleet/http/rate-limit.ts'
import { readShadow } from '../../fleet/http/read-shadow.ts'
import { ingestMessage } from '../../fleet/ingest.ts'
import { apiKeyFault, FleetRegistry, thingRecordFault } from '../../fleet/registry.ts'
import type { RequestInput } from '../../fleet/requests/take-request.ts'
import type { FleetSettings } from '../../fleet/settings.ts'
import { FleetState, isStateChannel, type StateChannel } from '../../fleet/state.ts'
import { stateRecordFault } from '../../fleet/state-record-fault.ts'
import type { Timer } from '../../fleet/timer-queue.ts'
import { timerRecord } from '../../fleet/timers.ts'
import { type ChannelName, catalogue } from '../../records/catalogue.ts'
import type { SchemaName } from '../../records/generated/schemas.ts'
import type { MqttMessage } from '../../records/mqtt-message.ts'
import { channelsByTopic, type TopicSettings, topicsOf } from '../../records/topics.ts'
import type { Engine, ExplainedKafkaMessage, HttpRequest, Output } from './engine.ts'
import { FleetCascade } from './fleet-cascade.ts'
import { datumOf } from './plain-datum.ts'

export type FleetEngineSettings = TopicSettings & {
  readonly fleet: FleetSettings
  readonly http: { readonly requestsPerMinute: number }
  readonly presence: { readonly brokerEventTopic: string | null }
}

/** A record of a topic that is not the bridge's own state. */
type Input = RegistryInput
type Consumer = (message: ExplainedKafkaMessage, input: Input, at: number) => readonly Output[]

const stateSchemas: Readonly<Record<StateChannel, SchemaName>> = {
  shadowState: 'ShadowState',
  thingState: 'ThingState',
  commandState: 'CommandExecution',
  jobExecutionState: 'JobExecution',
  jobState: 'JobState',
  jobProgress: 'JobProgress',
  results: 'FleetResult',
  fleetPresence: 'PresenceRecord',
}

const ignored = (reason: string): readonly Output[] => [{ kind: 'ignored', reason }]

/** Things and jobs behind `bridge explain`: ingest, the owner of all partitions, the outbox and the HTTP view. */
export class FleetEngine implements Engine {
  readonly #settings: FleetEngineSettings
  readonly #channels: ReadonlyMap<string, ChannelName>
  readonly #registry: FleetRegistry
  readonly #state: FleetState
  readonly #decider: FleetDecider
  readonly #cascade: FleetCascade
  readonly #rates: RateLimit
  readonly #consumers: Readonly<Partial<Record<ChannelName, Consumer>>> = {
    thingRegistry: (message, input, at) => this.#registerThing(message, input, at),
    apiKeyRegistry: (message, input, at) => this.#registerApiKey(message, input, at),
    shadowRequests: (message, input, at) =>
      this.#cascade.run(this.#decider.shadowRequest(requestOf(message, input), at), at),
    commandRequests: (message, input, at) =>
      this.#cascade.run(this.#decider.commandRequest(requestOf(message, input), at), at),
    jobRequests: (message, input, at) => this.#cascade.run(this.#decider.jobRequest(requestOf(message, input), at), at),
    thingInbox: (message, { key }, at) => {
      const record = datumOf('InboxRecord', message.plain)
      return this.#cascade.run(record?.thingName === key ? this.#decider.thingInput(record, at) : null, at)
    },
    jobInbox: (message, { key }, at) => {
      const record = datumOf('JobInboxRecord', message.plain)
      return this.#cascade.run(record?.jobId === key ? this.#decider.jobInput(record, at) : null, at)
    },
    mqttOutbox: (message, { key }, at) => {
      const record = datumOf('OutboxRecord', message.plain)
      return record?.thingName === key ? this.#cascade.send(record, at) : ignored('invalid_record')
    },
  }
  /** Timers that were due when they were restored: they wait for the first line that restores nothing. */
  #held: Timer[] = []
  #restoring = false

  constructor(settings: FleetEngineSettings) {
    this.#settings = settings
    this.#channels = channelsByTopic(topicsOf(settings))
    this.#registry = new FleetRegistry(settings.fleet)
    this.#state = new FleetState(settings.fleet)
    this.#decider = new FleetDecider(settings.fleet, this.#registry, this.#state)
    this.#cascade = new FleetCascade(this.#decider, this.#state)
    this.#rates = new RateLimit(settings.http.requestsPerMinute)
  }

  puback(code: number): void {
    this.#cascade.pubackCode = code
  }

  /** A fan-out under way and due timers go on before the first line that restores nothing (fleets 10). */
  beforeLine(kafkaTopic: string | null, previousAt: number): readonly Output[] {
    if (!this.#restoring || (kafkaTopic !== null && this.#isRestored(kafkaTopic))) return []
    this.#restoring = false
    const held = this.#held.sort((one, other) => one.deadline - other.deadline || one.order - other.order)
    this.#held = []
    const fannedOut = this.#state.fanningOut().flatMap((jobId) => this.#cascade.finishFanOut(jobId, previousAt))
    return [...fannedOut, ...held.flatMap((timer) => this.#runTimer(timer, previousAt))]
  }

  nextDeadline(): number | null {
    return this.#state.timers.first()?.deadline ?? null
  }

  fire(deadline: number): readonly Output[] {
    const outputs: Output[] = []
    for (let timer = this.#state.timers.take(deadline); timer !== null; timer = this.#state.timers.take(deadline)) {
      outputs.push(...this.#runTimer(timer, deadline))
    }
    return outputs
  }

  mqtt(message: MqttMessage): readonly Output[] | null {
    if (message.topic === this.#settings.presence.brokerEventTopic) return null
    const decision = ingestMessage(message, this.#settings.fleet, this.#registry)
    if (decision !== null) return this.#cascade.run(decision, message.receivedAt, true)
    // No filter of the time-clocks matches a topic of the broker's own.
    return message.topic.startsWith('$') ? ignored('unmatched_topic') : null
  }

  http(request: HttpRequest): readonly Output[] {
    const answer = readShadow(
      {
        method: request.method,
        path: request.path,
        authorization: request.auth === 'none' ? undefined : request.auth,
        ifNoneMatch: request.headers['if-none-match'],
        now: request.at,
      },
      {
        ready: true,
        apiKey: (name) => this.#registry.apiKey(name),
        isServed: (thingName) => this.#registry.isServed(thingName),
        shadow: (thingName) => this.#state.thing(thingName).shadow,
        takeRate: (apiKey, now) => this.#rates.take(apiKey, now),
      },
      request.auth === 'valid',
    )
    return [{ kind: 'http', ...answer }]
  }

  kafka(message: ExplainedKafkaMessage, at: number): readonly Output[] | null {
    const channel = this.#channels.get(message.topic)
    if (channel === undefined || catalogue[channel].room !== 'fleet') return null
    const key = message.key === null ? null : Buffer.from(message.key).toString('utf8')
    if (isStateChannel(channel)) return this.#restore(channel, message, key, at)
    const consume = this.#consumers[channel]
    // Topics that the bridge only writes are not consumed.
    if (consume === undefined) return ignored('unmatched_topic')
    return consume(message, { topic: message.topic, key, value: message.value }, at)
  }

  #isRestored(topic: string): boolean {
    const channel = this.#channels.get(topic)
    if (channel === undefined) return false
    return isStateChannel(channel) || channel === 'thingRegistry' || channel === 'apiKeyRegistry'
  }

  #runTimer(timer: Timer, now: number): readonly Output[] {
    const outputs = this.#cascade.run(this.#decider.thingInput(timerRecord(timer, now), now), now)
    return outputs.filter((output) => output.kind !== 'ignored')
  }

  #restore(channel: StateChannel, message: ExplainedKafkaMessage, key: string | null, at: number): readonly Output[] {
    const value = datumOf(stateSchemas[channel], message.plain)
    const unreadable = value === null && message.value !== null
    if (unreadable || stateRecordFault(channel, key, value) !== null) return ignored('invalid_record')
    this.#restoring = true
    this.#state.apply({ channel, key, value })
    // The timers before this line have fired: what is due now was just restored.
    for (let timer = this.#state.timers.take(at - 1); timer !== null; timer = this.#state.timers.take(at - 1)) {
      this.#held.push(timer)
    }
    return []
  }

  #registerThing(message: ExplainedKafkaMessage, input: Input, at: number): readonly Output[] {
    const datum = datumOf('ThingRecord', message.plain)
    const record = datum === null && message.value !== null ? undefined : datum
    if (record !== undefined && input.key !== null && thingRecordFault(input.key, record) === null) {
      if (record === null) this.#registry.unregister(input.key)
      else this.#registry.register(record)
    }
    return this.#cascade.run(this.#decider.registryRecord(input, record, at), at)
  }

  #registerApiKey(message: ExplainedKafkaMessage, input: Input, at: number): readonly Output[] {
    const datum = datumOf('ApiKeyRecord', message.plain)
    const record = datum === null && message.value !== null ? undefined : datum
    if (record !== undefined && input.key !== null && apiKeyFault(input.key, record) === null) {
      this.#registry.setApiKey(input.key, record)
    }
    return this.#cascade.run(this.#decider.apiKeyRecord(input, record, at), at)
  }
}

function requestOf(message: ExplainedKafkaMessage, input: Input): RequestInput {
  return { ...input, request: datumOf('FleetRequest', message.plain) }
}
