import type { Settings } from '../../config/settings.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { ChannelName } from '../../records/catalogue.ts'
import { ChannelWriter } from '../channel-writer.ts'
import { progressBar } from '../live-line.ts'
import type { Account } from './account.ts'

/** Writes records of a registry topic, by key; null: a tombstone. Resolves when Kafka has stored them all. */
export async function writeRecords(
  settings: Settings,
  channel: ChannelName,
  records: readonly (readonly [key: string, value: object | null])[],
  account: Account,
): Promise<void> {
  const timestamp = systemClock.now()
  const writer = await ChannelWriter.open(settings, channel)
  try {
    await writer.write(
      records.map(([key, value]) => ({ channel, key, value, headers: null, timestamp })),
      (count) => account.show(`written ${progressBar(count, records.length)}`),
    )
  } finally {
    account.clear()
    await writer.close()
  }
}
