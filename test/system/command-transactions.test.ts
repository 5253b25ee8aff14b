import kafkajs, { type Producer } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { CommandDevices } from '../kit/command-devices.ts'
import { CommandNames, commandSettings } from '../kit/command-names.ts'
import { StatusLog } from '../kit/command-records.ts'
import { IngestWorker } from '../kit/ingest-worker.ts'
import { sharedGround } from '../kit/shared-ground.ts'
import { kafkaOf } from '../kit/topic-reader.ts'

const { kafkaBrokers: brokers, mqttUrl } = sharedGround()

/**
 * An operator who produces in transactions leaves records behind that nobody gets to see: markers, and what was aborted.
 * Guards kafka/group-source.ts `#passed`: seen to fail without it, the second worker never comes to read replies.
 */
test('replies are read by a worker that finds requests in transactions, and by one that finds aborted ones alone', async () => {
  const names = new CommandNames('markers')
  await names.create(brokers)
  const producer = kafkaOf(brokers).producer({
    transactionalId: names.name,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  onTestFinished(() => producer.disconnect())
  await produced(producer, names.command, 'kept', 'commit')

  const devices = await CommandDevices.connect(mqttUrl, `${names.name}-devices`, ['MARK1'])
  onTestFinished(() => devices.close())
  const log = await StatusLog.open(brokers, names.commandStatus)
  onTestFinished(() => log.close())
  const settings = commandSettings(sharedGround(), names)
  const first = await IngestWorker.ready(settings, 'ingest,command')
  onTestFinished(() => first.close())
  await devices.takes('kept')
  await devices.say('MARK1', 'evt', { id: 'kept', op: 'ping', status: 'accepted' })
  await log.until('kept', 'DELIVERED')
  await first.process.stop()

  await produced(producer, names.command, 'void', 'abort')
  const second = await IngestWorker.ready(settings, 'ingest,command')
  onTestFinished(() => second.close())
  await devices.say('MARK1', 'evt', { id: 'kept', op: 'ping', status: 'ok' })
  await log.until('kept', 'SUCCEEDED')
  expect(log.names('void')).toEqual([])
})

async function produced(producer: Producer, topic: string, commandId: string, end: 'commit' | 'abort') {
  const transaction = await producer.transaction()
  const value = JSON.stringify({ commandId, deviceSn: 'MARK1', op: 'ping' })
  await transaction.send({ topic, messages: [{ key: 'MARK1', value }] })
  await transaction[end]()
}
