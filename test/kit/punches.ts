import { setTimeout as pause } from 'node:timers/promises'
import type { DeviceClient } from './device-client.ts'
import { evt, punch } from './ingest-worker.ts'
import { avroValue, readTopic, untilRecords } from './topic-reader.ts'

/** Numbered punches, one after the other, until it is told to stop: how many of them were acknowledged. */
export class Punches {
  #stopped = false
  readonly #done: Promise<number>

  constructor(client: DeviceClient) {
    this.#done = this.#run(client)
  }

  async stop(): Promise<number> {
    this.#stopped = true
    return this.#done
  }

  async #run(client: DeviceClient): Promise<number> {
    let number = 0
    while (!this.#stopped) {
      const batch = Array.from({ length: 10 }, () => {
        number += 1
        return client.publish(evt(`ROT${number % 7}`), punch(number))
      })
      await Promise.all(batch)
      await pause(20)
    }
    return number
  }
}

/** The record ids that Kafka holds, when it holds at least so many records. */
export async function storedPunches(
  brokers: readonly string[],
  topic: string,
  atLeast: number,
): Promise<ReadonlySet<unknown>> {
  await untilRecords(brokers, [topic], atLeast)
  const records = await readTopic(brokers, topic)
  return new Set(records.map((record) => avroValue('AttendanceEvent', record)['deviceRecordId']))
}
