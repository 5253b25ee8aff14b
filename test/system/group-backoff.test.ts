import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'
import { GroupSource } from '../../src/kafka/group-source.ts'
import { Backoff } from '../../src/kernel/backoff.ts'
import type { BridgeEvent } from '../../src/observe/events/event.ts'
import { Latch } from '../kit/latch.ts'
import { plainAccess } from '../kit/plain-access.ts'
import { createTopics, kafkaOf } from '../kit/topic-reader.ts'

/** A member that may join its group, and not read its topic, asks ever more seldom. */
const user = { name: 'bridge', password: 'backoff-pass' }
let ground: Ground
let kafka: KafkaServer

beforeAll(async () => {
  ground = await openGround()
  const config = {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  }
  kafka = await ground.kafka({ users: [user], config })
  await createTopics(kafka.brokers, [{ topic: 'orders', partitions: 1 }])
  const admin = kafkaOf(kafka.brokers).admin()
  await admin.connect()
  const granted = {
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user.name}`,
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
  }
  await admin.createAcls({
    acl: [
      { ...granted, resourceType: AclResourceTypes.GROUP, resourceName: 'g', operation: AclOperationTypes.READ },
      {
        ...granted,
        resourceType: AclResourceTypes.TOPIC,
        resourceName: 'orders',
        operation: AclOperationTypes.DESCRIBE,
      },
    ],
  })
  await admin.disconnect()
})
afterAll(() => ground?.close())

/** Guards kafka/group-source.ts: seen to fail with a back-off that starts anew when the group is joined. */
test('the waits between its tries grow', async () => {
  const latch = new Latch()
  const failedAt: number[] = []
  const joinedAt: number[] = []
  const emit = ({ event }: BridgeEvent) => {
    if (event === 'kafka_unreachable') failedAt.push(performance.now())
    if (event === 'kafka_partitions_assigned') joinedAt.push(performance.now())
    latch.look()
  }
  const source = new GroupSource(
    {
      client: {
        brokers: kafka.saslBrokers,
        clientId: 'backoff',
        connectTimeoutMs: 10_000,
        requestTimeoutMs: 10_000,
        access: plainAccess(user),
      },
      groupId: 'g',
      topics: ['orders'],
      partitions: 1,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      heartbeatIntervalMs: 300,
      maxWaitMs: 20,
      maxBytesPerPartition: 10_000,
      deadlineMs: 10_000,
    },
    {
      rebalancing: () => undefined,
      taken: (partitions) => {
        for (const partition of partitions) source.startAt('orders', partition, 0n)
      },
      lost: () => undefined,
      records: () => undefined,
    },
    new Backoff({ firstMs: 100, maxMs: 10_000, random: () => 0 }),
    emit,
  )
  source.open()
  try {
    await latch.until('five failures', () => failedAt.length >= 5, 60_000)
  } finally {
    await source.close()
  }
  expect(joinedAt.length).toBeGreaterThan(2)
  const waits = failedAt.slice(1).map((at, i) => at - (failedAt[i] ?? 0))
  // 50, 100, 200 and 400 ms, and what joining takes.
  expect(waits[3]).toBeGreaterThan(400)
})
