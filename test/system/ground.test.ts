import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { sharedGround } from '../kit/shared-ground.ts'

test('shared', async () => {
  const admin = new Kafka({ brokers: [...sharedGround().kafkaBrokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  expect((await admin.describeCluster()).brokers).toHaveLength(1)
  await admin.disconnect()
  expect((await fetch(`${sharedGround().registryUrl}/subjects`)).status).toBe(200)
})
