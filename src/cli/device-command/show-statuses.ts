import { systemClock } from '../../kernel/clock.ts'
import { codecOf } from '../../records/codec.ts'
import type { CommandStatus } from '../../records/generated/command-status.ts'
import type { ShowStatuses } from '../device-command.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { statusLine, statusTable } from './status-text.ts'

/** `bridge command status`: reads up to the end that the topic has when it is asked. */
export const showStatuses: ShowStatuses = async ({ settings }, { commandId, deviceSn, sinceMs, json }, io) => {
  const since = systemClock.now() - sinceMs
  const found: CommandStatus[] = []
  let count = 0
  const look = new Onlooker(settings)
  const sight = { keys: deviceSn === null ? null : [deviceSn], from: since }
  look.on('commandStatus', codecOf('CommandStatus'), sight, (status) => {
    if (status === null || status.statusTime < since || (deviceSn !== null && status.deviceSn !== deviceSn)) return
    if (commandId !== null && status.commandId !== commandId) return
    count += 1
    if (json) io.stdout.write(statusLine(status))
    else found.push(status)
  })
  await look.begin()
  await look.readToEnd()
  io.stdout.write(statusTable(found.sort((one, other) => one.statusTime - other.statusTime)))
  if (count === 0) io.stderr.write('no status found\n')
  return count === 0 ? exitCodes.failed : exitCodes.ok
}
