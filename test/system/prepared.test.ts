import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import type { CompressionName } from '../../src/kafka/codecs.ts'
import { installCodecs } from '../../src/kafka/codecs.ts'
import type { RecordBatch } from '../../src/kafka/record-batch.ts'
import { KafkaWriter } from '../../src/kafka/writer.ts'
import type { BridgeEvent } from '../../src/observe/events/event.ts'
import { foreignRead } from '../kit/foreign/foreign.ts'
import { patienceMs } from '../kit/latch.ts'
import { plainAccess } from '../kit/plain-access.ts'
import { createTopics, readTopic } from '../kit/topic-reader.ts'

/**
 * The contract of kafka/prepared.ts with kafkajs 2.2.4: what `producer.send` does with the object that stands for the
 * array of messages. Kafka is this file's own, because it is frozen and killed.
 */

let ground: Ground
let kafka: KafkaServer
const writers: KafkaWriter[] = []

beforeAll(async () => {
  installCodecs()
  ground = await openGround()
  kafka = await ground.kafka()
})
afterAll(async () => {
  for (const writer of writers) await writer.close()
  await ground.close()
})

interface Place {
  readonly topic: string
  readonly writer: KafkaWriter
  readonly events: BridgeEvent[]
}

let topics = 0
/** A writer of raw values to a topic of its own. */
async function open(options: {
  compression?: CompressionName
  partitions?: number
  abandonMs?: number
  requestTimeoutMs?: number
}): Promise<Place> {
  topics += 1
  const { compression = 'none', partitions = 3, abandonMs = 30_000, requestTimeoutMs = 1500 } = options
  const topic = `prepared-${topics}`
  await createTopics(kafka.brokers, [{ topic, partitions }])
  const events: BridgeEvent[] = []
  const writer = new KafkaWriter(
    {
      client: {
        brokers: kafka.brokers,
        clientId: 'prepared-test',
        connectTimeoutMs: 1000,
        requestTimeoutMs,
        access: plainAccess(),
      },
      idempotent: true,
      compression,
      limits: { maxRecords: 10_000, maxBytesPerPartition: 800_000 },
      abandonMs,
    },
    new Map([['commandReply', { topic, partitions, avro: null }]]),
    (event) => events.push(event),
  )
  writers.push(writer)
  return { topic, writer, events }
}

const ticket = { stored: () => undefined, refused: () => null }

interface Sample {
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>> | null
  readonly timestamp: number
}

function batchOf(writer: KafkaWriter, samples: readonly Sample[]): RecordBatch {
  const batch = writer.newBatch()
  for (const { value, ...rest } of samples) {
    const bytes = value === null ? null : Buffer.from(value)
    expect(batch.append({ channel: 'commandReply', value: bytes, ...rest }, ticket, 0)).toBe(true)
  }
  return batch
}

const now = Date.now()
/** Values of every size where a length needs one more byte, keys from few to many, headers, tombstones, odd clocks. */
const samples: readonly Sample[] = Array.from({ length: 600 }, (_, i) => ({
  key: i % 50 === 49 ? null : `key-${i % 37}-é`,
  value: i % 40 === 39 ? null : `${i}:${'v'.repeat([0, 1, 62, 63, 64, 127, 128, 8190, 8192, 20_000][i % 10] ?? 0)}`,
  headers: i % 3 === 0 ? { traceparent: `t${i}`, 'x-é': 'ü'.repeat(i % 70) } : null,
  // Out of order, and months apart: deltas beyond 31 bits, negative ones too.
  timestamp: now + [0, 1, -1, 5000, -3_000_000_000, -9_000_000_000][(i + 1) % 6]!,
}))

/** A sample as a reader gets it; order is that of its key. */
const byKey = (rows: readonly { key: string | null; text: string | null }[]) => {
  const map = new Map<string | null, (string | null)[]>()
  for (const { key, text } of rows) map.set(key, [...(map.get(key) ?? []), text])
  for (const [key, texts] of map) if (key === null) texts.sort((a, b) => String(a).localeCompare(String(b)))
  return map
}

describe.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('with compression %s', (compression) => {
  test('is read back by kafkajs and by librdkafka as it was given, in order for each key', async () => {
    const { topic, writer } = await open({ compression })
    await writer.write(batchOf(writer, samples.slice(0, 400)))
    await writer.write(batchOf(writer, samples.slice(400)))
    const wanted = byKey(samples.map(({ key, value }) => ({ key, text: value })))

    const read = await readTopic(kafka.brokers, topic)
    expect(byKey(read.map(({ key, value }) => ({ key, text: value?.toString() ?? null })))).toEqual(wanted)
    const byValue = new Map(read.map((record) => [record.value?.toString() ?? '', record]))
    for (const { value, headers, timestamp } of samples) {
      if (value === null) continue
      expect(byValue.get(value)?.headers).toEqual(headers ?? {})
      expect(byValue.get(value)?.timestamp).toBe(timestamp)
    }

    const foreign = await foreignRead({ brokers: kafka.brokers, registryUrl: null }, [topic])
    const rows = foreign.map(({ key, value }) => ({
      key: key as string | null,
      text: value === null ? null : Buffer.from((value as { base64: string }).base64, 'base64').toString(),
    }))
    expect(byKey(rows)).toEqual(wanted)
    expect(new Set(foreign.map(({ timestamp }) => timestamp))).toEqual(
      new Set(samples.map(({ timestamp }) => timestamp)),
    )
    // Compression took place: the batches of 2.3 MB of the letter v are small.
  })
})

const numbered = (from: number, to: number): Sample[] =>
  Array.from({ length: to - from }, (_, i) => ({
    key: `k${(from + i) % 7}`,
    value: String(from + i),
    headers: null,
    timestamp: now,
  }))

const valuesOf = async (topic: string) =>
  (await readTopic(kafka.brokers, topic)).map(({ value }) => Number(value?.toString()))

/**
 * Guards kafka/prepared.ts `aheadMs`: Kafka refuses what is more than an hour ahead, so what was taken in before the
 * clock was set back would wait for that time to come, and everything behind it.
 */
test('records that were made before the clock was set back are stored', async () => {
  const { topic, writer } = await open({})
  const ahead = numbered(0, 50).map((each, i) => ({ ...each, timestamp: Date.now() + 6 * 3_600_000 + i }))
  await writer.write(batchOf(writer, ahead))
  const read = await readTopic(kafka.brokers, topic)
  expect(new Set(read.map(({ value }) => String(value)))).toEqual(new Set(ahead.map(({ value }) => value)))
  expect(Math.max(...read.map(({ timestamp }) => timestamp))).toBeLessThanOrEqual(Date.now())
})

/** Guards kafka/writer.ts `idempotent`: kafkajs repeats the request, Kafka drops the repeat by its sequence number. */
test('a broker frozen for some request timeouts leaves no double', async () => {
  const { topic, writer, events } = await open({ requestTimeoutMs: 1000 })
  await writer.write(batchOf(writer, numbered(0, 100)))
  kafka.freeze()
  const flight = writer.write(batchOf(writer, numbered(100, 300)))
  await expect
    .poll(() => events.filter(({ event }) => event === 'kafka_request_failed').length, { timeout: patienceMs })
    .toBeGreaterThan(1)
  kafka.thaw()
  await flight
  await writer.write(batchOf(writer, numbered(300, 400)))
  expect((await valuesOf(topic)).sort((a, b) => a - b)).toEqual(numbered(0, 400).map(({ value }) => Number(value)))
  expect(events.filter(({ event }) => event === 'kafka_producer_replaced')).toEqual([])
})

/** Writes until Kafka takes it, as the sender does. */
async function writeUntilStored(writer: KafkaWriter, batch: RecordBatch): Promise<number> {
  const until = performance.now() + 60_000
  for (let failures = 0; ; failures += 1) {
    try {
      await writer.write(batch)
      return failures
    } catch (error) {
      expect(error).toMatchObject({ kind: 'transient' })
      if (performance.now() > until) throw error
    }
  }
}

test('a broker killed and started again: nothing lost, order of each key kept', async () => {
  const { topic, writer } = await open({})
  await writer.write(batchOf(writer, numbered(0, 50)))
  await kafka.kill()
  const flight = writeUntilStored(writer, batchOf(writer, numbered(50, 150)))
  await kafka.start()
  await flight
  await writeUntilStored(writer, batchOf(writer, numbered(150, 200)))
  const stored = await valuesOf(topic)
  expect(new Set(stored).size).toBe(200)
  for (let key = 0; key < 7; key += 1) {
    const firsts = [...new Set(stored.filter((value) => value % 7 === key))]
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
  }
})

/**
 * Guards kafka/writer.ts `await this.#discard()` in `#send`: kafkajs takes the sequence numbers of a failed send back,
 * so the next batch under the same numbers would be answered as a repeat and not written. Seen to fail without it.
 */
test('after a send that failed, another batch is not taken for its repeat', async () => {
  const { topic, writer, events } = await open({ partitions: 1, requestTimeoutMs: 500 })
  await writer.write(batchOf(writer, numbered(0, 10)))
  kafka.freeze()
  // Until kafkajs itself has given up. The batch lies in the broker's socket, and is stored at the thaw all the same.
  await expect(writer.write(batchOf(writer, numbered(10, 20)))).rejects.toMatchObject({ kind: 'transient' })
  kafka.thaw()
  expect(events.filter(({ event }) => event === 'kafka_producer_replaced')).toHaveLength(1)
  await expect.poll(() => valuesOf(topic), { timeout: 60_000 }).toContain(19)
  await writeUntilStored(writer, batchOf(writer, numbered(20, 30)))
  await writeUntilStored(writer, batchOf(writer, numbered(30, 40)))
  expect(await valuesOf(topic)).toEqual(expect.arrayContaining(numbered(20, 40).map(({ value }) => Number(value))))
})
