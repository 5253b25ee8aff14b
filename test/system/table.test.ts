import { afterEach, expect, test } from 'vitest'
import { Table } from '../../src/kafka/table.ts'
import { Backoff } from '../../src/kernel/backoff.ts'
import type { BridgeEvent } from '../../src/observe/events/event.ts'
import { Latch } from '../kit/latch.ts'
import { plainAccess } from '../kit/plain-access.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { createTopics, kafkaOf } from '../kit/topic-reader.ts'

const { kafkaBrokers: brokers } = sharedGround()
const topic = `table-${process.pid}-${Date.now()}`
const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/**
 * What was replaced since must not be shown again, not even for a moment: an API key that was withdrawn, a thing that
 * was unregistered, a shadow of before. Guards kafka/table.ts `#positions`: seen to fail, with what stood before read
 * once more, when the consumer that comes after does not seek.
 */
test('a view whose consumer fails goes on where it was', async () => {
  await createTopics(brokers, [{ topic, partitions: 1 }])
  const producer = kafkaOf(brokers).producer()
  await producer.connect()
  open.push({ close: () => producer.disconnect() })
  const write = async (...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ key: 'k', value })) })
  await write('1', '2')

  const latch = new Latch()
  const read: string[] = []
  let restored = 0
  let fails: 'not yet' | 'now' | 'no more' = 'not yet'
  const table = new Table(
    {
      client: {
        brokers,
        clientId: topic,
        connectTimeoutMs: 10_000,
        requestTimeoutMs: 10_000,
        access: plainAccess(),
      },
      topic,
      groupPrefix: topic,
      maxWaitMs: 20,
      deadlineMs: 10_000,
    },
    {
      apply: async (messages) => {
        await Promise.resolve()
        const values = messages.map(({ value }) => String(value))
        // Until it is given up: kafkajs gives it the same a few times.
        if (fails !== 'no more' && values.includes('3')) {
          fails = 'now'
          throw new Error('the consumer fails')
        }
        read.push(...values)
        latch.look()
      },
      restored: () => {
        restored += 1
        latch.look()
      },
    },
    new Backoff({ firstMs: 10, maxMs: 10, random: () => 0 }),
    ({ event }: BridgeEvent) => {
      if (event === 'kafka_unreachable' && fails === 'now') fails = 'no more'
    },
  )
  table.open()
  open.push(table)
  await latch.until('the view to be restored', () => restored > 0, 60_000)
  await write('3')
  await latch.until('what came after', () => read.includes('3'), 60_000)
  expect({ read, restored }).toEqual({ read: ['1', '2', '3'], restored: 1 })
})
