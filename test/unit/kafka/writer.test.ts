import { afterEach, describe, expect, test } from 'vitest'
import type { RecordBatch } from '../../../src/kafka/record-batch.ts'
import { KafkaWriter } from '../../../src/kafka/writer.ts'
import { partitionFor } from '../../../src/records/topics.ts'
import { plainAccess } from '../../kit/plain-access.ts'
import { NOT_LEADER, ScriptedCluster } from './scripted-cluster.ts'

/**
 * Guards `requireAnswers` (src/kafka/answers.ts), which KafkaWriter calls after each send: kafkajs resolves a send though
 * records of it were never written.
 */

const topic = 'punches'
const closing: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close()
})

function writerTo(cluster: ScriptedCluster, idempotent: boolean, partitions: number): KafkaWriter {
  const writer = new KafkaWriter(
    {
      client: {
        brokers: cluster.brokers,
        clientId: 'writer-test',
        connectTimeoutMs: 10_000,
        requestTimeoutMs: 10_000,
        access: plainAccess(),
      },
      idempotent,
      compression: 'none',
      limits: { maxRecords: 100, maxBytesPerPartition: 800_000 },
      abandonMs: 60_000,
    },
    new Map([['commandReply', { topic, partitions, avro: null }]]),
    () => undefined,
  )
  closing.push(writer)
  return writer
}

/** One record for each of these partitions of as many. */
function batchFor(writer: KafkaWriter, partitions: number): RecordBatch {
  const batch = writer.newBatch()
  for (let partition = 0; partition < partitions; partition += 1) {
    const key = Array.from({ length: 1000 }, (_, i) => `SN${i}`).find(
      (each) => partitionFor('commandReply', each, partitions) === partition,
    )
    const record = { channel: 'commandReply', key: key ?? null, value: Buffer.from('x'), headers: null, timestamp: 1 }
    expect(
      batch.append({ ...record, channel: 'commandReply' }, { stored: () => undefined, refused: () => null }, 0),
    ).toBe(true)
  }
  return batch
}

describe.each([false, true])('idempotent: %s', (idempotent) => {
  test('a leader that moves to a broker which has answered already costs a second write, and no record', async () => {
    const cluster = await ScriptedCluster.open(topic, [1, 2], {
      produce: (node) => {
        if (node !== 2) return 0
        cluster.leaders = [1, 1]
        return NOT_LEADER
      },
    })
    closing.push(cluster)
    const writer = writerTo(cluster, idempotent, 2)
    const batch = batchFor(writer, 2)
    await expect(writer.write(batch)).rejects.toMatchObject({ kind: 'transient', code: 'no_answer' })
    await writer.write(batch)
    expect(new Set(cluster.stored.keys())).toEqual(new Set([0, 1]))
  })

  test('a topic that has fewer partitions than before does not swallow the records of those that are gone', async () => {
    const cluster = await ScriptedCluster.open(topic, [1], { produce: () => 0 })
    closing.push(cluster)
    const writer = writerTo(cluster, idempotent, 2)
    await expect(writer.write(batchFor(writer, 2))).rejects.toMatchObject({
      kind: 'transient',
      code: 'no_answer',
      message: expect.stringContaining('punches/1'),
    })
  })
})
