import type { Output } from '../../src/cli/explain/engine.ts'
import { FleetCascade } from '../../src/cli/explain/fleet-cascade.ts'
import { parseSettings } from '../../src/config/parse.ts'
import { FleetDecider } from '../../src/fleet/decider.ts'
import { ingestMessage } from '../../src/fleet/ingest.ts'
import type { Job } from '../../src/fleet/job.ts'
import { FleetRegistry } from '../../src/fleet/registry.ts'
import { FleetState, isStateChannel } from '../../src/fleet/state.ts'
import type { Thing } from '../../src/fleet/thing.ts'
import { timerRecord } from '../../src/fleet/timers.ts'
import type { BridgeRecord } from '../../src/records/bridge-record.ts'
import { fromPlain } from '../../src/records/plain.ts'

/** The owner of all partitions, with the clock in the hand of the test. */
export class FleetOwner {
  now = 1_748_390_400_000
  readonly registry: FleetRegistry
  readonly #fleet: ReturnType<typeof parseSettings>['fleet']
  /** The latest record of every key of the state topics, as compaction would leave them. */
  readonly #compacted = new Map<string, BridgeRecord>()
  #state: FleetState
  #cascade: FleetCascade
  #decider: FleetDecider

  constructor(fleet: object = {}) {
    this.#fleet = parseSettings({ fleet }).fleet
    this.registry = new FleetRegistry(this.#fleet)
    this.#state = new FleetState(this.#fleet)
    this.#decider = new FleetDecider(this.#fleet, this.registry, this.#state)
    this.#cascade = new FleetCascade(this.#decider, this.#state)
  }

  /** Forgets everything and reads the compacted topics. */
  restart(): void {
    this.#state = new FleetState(this.#fleet)
    for (const record of this.#compacted.values()) this.#state.apply(record)
    this.#decider = new FleetDecider(this.#fleet, this.registry, this.#state)
    this.#cascade = new FleetCascade(this.#decider, this.#state)
  }

  thing(thingName: string): Thing {
    return this.#state.thing(thingName)
  }

  job(jobId: string): Job {
    return this.#state.job(jobId)
  }

  register(thingName: string): void {
    this.registry.register(fromPlain('ThingRecord', { thingName, mqttClientId: thingName }))
  }

  unregister(thingName: string): readonly Output[] {
    this.registry.unregister(thingName)
    const input = { topic: 'fleet.registry.things', key: thingName, value: null }
    return this.#kept(this.#cascade.run(this.#decider.registryRecord(input, null, this.now), this.now))
  }

  device(topic: string, json: unknown): readonly Output[] {
    const payload = Buffer.from(JSON.stringify(json))
    const facts = { qos: 1, retain: false, dup: false, traceparent: null, receivedAt: this.now } as const
    const decision = ingestMessage({ topic: `$emqx/things/${topic}`, payload, ...facts }, this.#fleet, this.registry)
    return this.#kept(this.#cascade.run(decision, this.now, true))
  }

  request(topic: 'shadow' | 'command' | 'job', key: string, plain: object): readonly Output[] {
    const request = fromPlain('FleetRequest', plain)
    const input = { topic: `fleet.${topic}.requests`, key, request, value: Buffer.alloc(0) }
    const decider = this.#decider
    const decision =
      topic === 'shadow'
        ? decider.shadowRequest(input, this.now)
        : topic === 'command'
          ? decider.commandRequest(input, this.now)
          : decider.jobRequest(input, this.now)
    return this.#kept(this.#cascade.run(decision, this.now))
  }

  /** Moves the clock and runs the timers that are due by then, each at its own time. */
  advance(ms: number): readonly Output[] {
    const until = this.now + ms
    const outputs: Output[] = []
    for (let timer = this.#state.timers.take(until); timer !== null; timer = this.#state.timers.take(until)) {
      this.now = Math.max(this.now, timer.deadline)
      const step = this.#decider.thingInput(timerRecord(timer, this.now), this.now)
      outputs.push(...this.#kept(this.#cascade.run(step, this.now)))
    }
    this.now = until
    return outputs
  }

  #kept(outputs: readonly Output[]): readonly Output[] {
    for (const output of outputs) {
      if (output.kind !== 'record' || !isStateChannel(output.record.channel)) continue
      const { channel, key, value } = output.record
      const place = channel === 'results' ? `${channel} ${key} ${this.#compacted.size}` : `${channel} ${key}`
      if (value === null) this.#compacted.delete(place)
      else this.#compacted.set(place, output.record)
    }
    return outputs
  }
}

/** The values of the records on a channel. */
export function recordsOn(outputs: readonly Output[], channel: string): readonly (object | null)[] {
  return outputs.flatMap((output) =>
    output.kind === 'record' && output.record.channel === channel ? [output.record.value] : [],
  )
}

/** Publications as [topic, payload]. */
export function sentBy(outputs: readonly Output[]): readonly (readonly [string, Record<string, unknown>])[] {
  return outputs.flatMap((output) =>
    output.kind === 'publish'
      ? [[output.topic, JSON.parse(Buffer.from(output.payload).toString()) as Record<string, unknown>] as const]
      : [],
  )
}
