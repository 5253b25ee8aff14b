import type { CommandNames } from '../../test/kit/command-names.ts'
import { avroValue, readTopic } from '../../test/kit/topic-reader.ts'
import { idsIn, isSound } from '../flow/punch.ts'

/** One record of a punch in Kafka. */
export interface StoredPunch {
  readonly id: string
  readonly in: 'attendance' | 'deadLetter'
  /** When Kafka appended it. */
  readonly at: number
  readonly deviceSn: string
  readonly partition: number
  readonly offset: number
  /** It is what was sent. A dead letter holds what was sent as it came, so its id says enough. */
  readonly sound: boolean
}

/** All of the punches that are in Kafka: by topic, partition and offset. */
export async function storedPunches(
  brokers: readonly string[],
  names: CommandNames,
  timeoutMs: number,
): Promise<StoredPunch[]> {
  const punches = await readTopic(brokers, names.attendance, timeoutMs)
  const letters = await readTopic(brokers, names.deadLetter, timeoutMs)
  const stored = punches.map((record): StoredPunch => {
    const event = avroValue('AttendanceEvent', record)
    return {
      id: String(event['deviceRecordId']),
      in: 'attendance',
      at: record.timestamp,
      deviceSn: String(event['deviceSn']),
      partition: record.partition,
      offset: record.offset,
      sound: isSound(event),
    }
  })
  for (const record of letters) {
    const letter = avroValue('DeadLetter', record)
    for (const id of idsIn(String(letter['payload']))) {
      const { timestamp: at, partition, offset } = record
      stored.push({ id, in: 'deadLetter', at, deviceSn: String(letter['deviceSn']), partition, offset, sound: true })
    }
  }
  return stored
}
