import type { Settings } from '../config/settings.ts'
import { AvroReader } from '../kafka/avro-reader.ts'
import { newKafka } from '../kafka/client.ts'
import { installCodecs } from '../kafka/codecs.ts'
import { Registry } from '../kafka/registry.ts'
import { type TailFrom, TopicTail } from '../kafka/topic-tail.ts'
import { systemClock } from '../kernel/clock.ts'
import { Failure } from '../kernel/failure.ts'
import type { ChannelName } from '../records/catalogue.ts'
import type { Codec } from '../records/codec.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { partitionFor, topicsOf } from '../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions } from '../roles/kafka-side.ts'
import { knownTopics } from './known-topics.ts'

const quiet = (): void => undefined

/** One topic to look at. */
interface Sight {
  readonly channel: ChannelName
  /** Records of other keys may come too; null: all partitions. */
  readonly keys: readonly string[] | null
  readonly from: TailFrom
  readonly take: (message: KafkaMessage) => Promise<void>
}

/** Where a partition is read from, and where it ended when the look began. */
interface Stretch {
  readonly topic: string
  readonly partition: number
  readonly from: bigint
  readonly end: bigint
}

/**
 * Looks at topics for a person, by their Avro values, and leaves nothing behind. First `on` for each topic, then
 * `begin`, then one of `readToEnd` and `follow`. All calls reject with a Failure.
 */
export class Onlooker {
  readonly #settings: Settings
  readonly #registry: Registry
  readonly #sights = new Map<string, Sight>()
  #tail: TopicTail | null = null
  #stretches: readonly Stretch[] = []

  constructor(settings: Settings) {
    installCodecs()
    this.#settings = settings
    this.#registry = new Registry(settings.registry, systemClock, quiet)
  }

  /**
   * Has `take` called with every record, null for a tombstone; what can be read by nobody is passed over. `keys`: only
   * the partitions of these keys are read; null: all.
   */
  on<T>(
    channel: ChannelName,
    codec: Codec<T>,
    { keys, from }: { readonly keys: readonly string[] | null; readonly from: TailFrom },
    take: (value: T | null, key: string) => void,
  ): void {
    const reader = new AvroReader(codec, this.#registry)
    const takeMessage = async ({ key, value }: KafkaMessage): Promise<void> => {
      const name = key === null ? '' : Buffer.from(key).toString('utf8')
      try {
        take(value === null ? null : await reader.read(value), name)
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== 'malformed') throw error
      }
    }
    this.#sights.set(topicsOf(this.#settings)[channel], { channel, keys, from, take: takeMessage })
  }

  /** Notes where the topics are now: whatever is written after this is not missed. */
  async begin(): Promise<void> {
    const sights = [...this.#sights]
    const counts = await knownTopics(
      this.#settings,
      sights.map(([, { channel }]) => channel),
    )
    const { groupPrefix, fetchMaxWaitMs } = this.#settings.kafka
    const deadlineMs = adminDeadlineMs(this.#settings)
    const kafka = await newKafka(kafkaClientOptions(this.#settings), quiet)
    const tail = new TopicTail(kafka, { groupPrefix, maxWaitMs: fetchMaxWaitMs, deadlineMs })
    const stretches = await Promise.all(
      sights.map(async ([topic, { channel, keys, from }]) => {
        const places = await tail.places(topic, from)
        const count = counts.get(topic) ?? 0
        const wanted = keys === null ? null : new Set(keys.map((key) => partitionFor(channel, key, count)))
        return [...places]
          .filter(([partition]) => wanted === null || wanted.has(partition))
          .map(([partition, place]): Stretch => ({ topic, partition, ...place }))
      }),
    )
    this.#tail = tail
    this.#stretches = stretches.flat()
  }

  /** Reads up to where the topics ended when the look began. `shown` is told how much of that is done, 0 to 1. */
  async readToEnd(shown: (share: number) => void = () => undefined): Promise<void> {
    const stretches = this.#stretches.filter(({ from, end }) => from < end)
    const all = stretches.reduce((sum, { from, end }) => sum + Number(end - from), 0)
    const idleMs = adminDeadlineMs(this.#settings)
    const idle = new AbortController()
    const timer = setTimeout(() => idle.abort(), idleMs)
    const enough = (left: number): boolean => {
      timer.refresh()
      shown(all === 0 ? 1 : 1 - left / all)
      return left === 0
    }
    try {
      if (await this.#follow(stretches, enough, idle.signal)) return
    } finally {
      clearTimeout(timer)
    }
    throw new Failure('transient', 'timeout', `reading from Kafka: nothing came for ${idleMs / 1000} s`)
  }

  /**
   * Reads on until it is enough, which is asked after every few records; `caughtUp`: all that stood there when the
   * look began has been read. Resolves to false when the time is up before.
   */
  async follow(enough: (caughtUp: boolean) => boolean, timeIsUp: AbortSignal): Promise<boolean> {
    return this.#follow(this.#stretches, (left) => enough(left === 0), timeIsUp)
  }

  async #follow(
    stretches: readonly Stretch[],
    enough: (left: number) => boolean,
    timeIsUp: AbortSignal,
  ): Promise<boolean> {
    const tail = this.#tail
    if (tail === null) throw new Error('begin comes first')
    const left = new Map(stretches.map(({ topic, partition, from, end }) => [`${topic} ${partition}`, { from, end }]))
    const ask = (): boolean => {
      let records = 0
      for (const { from, end } of left.values()) records += Number(end - from)
      return enough(records)
    }
    for (const [place, { from, end }] of left) if (from >= end) left.delete(place)
    if (ask()) return true
    if (timeIsUp.aborted) return false
    const places = new Map<string, Map<number, bigint>>()
    for (const { topic, partition, from } of stretches) {
      const partitions = places.get(topic) ?? new Map<number, bigint>()
      places.set(topic, partitions.set(partition, from))
    }
    const stop = (): void => {
      tail.close().catch(quiet)
    }
    timeIsUp.addEventListener('abort', stop, { once: true })
    let isEnough = false
    try {
      await tail.follow(places, async (messages, topic, partition, next) => {
        for (const message of messages) await this.#sights.get(topic)?.take(message)
        const place = `${topic} ${partition}`
        const { end } = left.get(place) ?? { end: 0n }
        if (next < end) left.set(place, { from: next, end })
        else left.delete(place)
        isEnough ||= ask()
        return isEnough ? 'enough' : 'more'
      })
    } catch (error) {
      // Closing the reader in the middle of a question makes it fail: the time is up, and nothing else.
      if (!timeIsUp.aborted || !(error instanceof Failure)) throw error
    } finally {
      timeIsUp.removeEventListener('abort', stop)
    }
    return isEnough
  }
}
