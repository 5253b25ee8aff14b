import { installCodecs } from '../../kafka/codecs.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { CommandStatus } from '../../records/generated/command-status.ts'
import { partitionFor } from '../../records/topics.ts'
import type { ShowStatuses } from '../device-command.ts'
import { exitCodes } from '../exit-codes.ts'
import { StatusTopic } from './command-topics.ts'
import { statusLine, statusTable } from './status-text.ts'

/** `bridge command status`: reads up to the end that the topic has when it is asked. */
export const showStatuses: ShowStatuses = async ({ settings }, { commandId, deviceSn, sinceMs, json }, io) => {
  installCodecs()
  const topic = await StatusTopic.open(settings)
  const since = systemClock.now() - sinceMs
  const only = deviceSn === null ? null : partitionFor('commandStatus', deviceSn, topic.partitions)
  const places = [...(await topic.tail.places(since))].filter(
    ([partition, { from, end }]) => from < end && (only === null || partition === only),
  )
  const left = new Map(places.map(([partition, { end }]) => [partition, end]))
  const found: CommandStatus[] = []
  let count = 0
  if (left.size > 0) {
    const from = new Map(places.map(([partition, place]) => [partition, place.from]))
    await topic.tail.follow(from, async (messages, partition, next) => {
      for (const status of await topic.read(messages)) {
        if (status.statusTime < since || (deviceSn !== null && status.deviceSn !== deviceSn)) continue
        if (commandId !== null && status.commandId !== commandId) continue
        count += 1
        if (json) io.stdout.write(statusLine(status))
        else found.push(status)
      }
      if (next >= (left.get(partition) ?? 0n)) left.delete(partition)
      return left.size === 0 ? 'enough' : 'more'
    })
  }
  io.stdout.write(statusTable(found.sort((one, other) => one.statusTime - other.statusTime)))
  if (count === 0) io.stderr.write('no status found\n')
  return count === 0 ? exitCodes.failed : exitCodes.ok
}
