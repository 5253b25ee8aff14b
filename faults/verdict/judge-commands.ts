import type { CommandStatus } from '../../src/records/generated/command-status.ts'
import type { TakenCommand } from '../../test/kit/command-devices.ts'
import type { PlainCommand } from '../../test/kit/command-records.ts'
import { isSoundCommand } from '../flow/command-flow.ts'

/** What became of the commands of a row. */
export interface CommandVerdict {
  /** Taken by Kafka from the operator. */
  readonly sent: number
  /** Without an end, or PUBLISHED and not seen by the device. */
  readonly lost: readonly string[]
  /** PUBLISHED and not seen by the device, where the broker was killed. */
  readonly lostByBroker: readonly string[]
  /** Deliveries to devices beyond the first. */
  readonly repeated: number
  /** First deliveries behind one of a later command of the same device. */
  readonly reordered: number
  /** With two different ends, or other content than was asked for. */
  readonly wrong: readonly string[]
}

const ends: ReadonlySet<string> = new Set(['PUBLISHED', 'EXPIRED', 'FAILED', 'REJECTED', 'NO_SUBSCRIBER'])

export function isEnd({ status }: CommandStatus): boolean {
  return ends.has(status)
}

export function judgeCommands(
  produced: readonly PlainCommand[],
  statuses: readonly CommandStatus[],
  taken: readonly TakenCommand[],
  brokerDies: boolean,
): CommandVerdict {
  const endsOf = new Map<string, Map<string, string>>()
  for (const status of statuses) {
    if (!isEnd(status)) continue
    const of = endsOf.get(status.commandId) ?? new Map<string, string>()
    endsOf.set(status.commandId, of.set(status.eventId, status.status))
  }
  const seen = new Set<string>()
  const highest = new Map<string, number>()
  let reordered = 0
  for (const { id, deviceSn } of taken) {
    if (seen.has(id)) continue
    seen.add(id)
    const number = Number(id.slice(1))
    if (number < (highest.get(deviceSn) ?? 0)) reordered += 1
    else highest.set(deviceSn, number)
  }
  const ids = produced.map(({ commandId = '' }) => commandId)
  const unended = ids.filter((id) => !endsOf.has(id))
  const unseen = ids.filter((id) => [...(endsOf.get(id)?.values() ?? [])].includes('PUBLISHED') && !seen.has(id))
  const two = ids.filter((id) => (endsOf.get(id)?.size ?? 0) > 1)
  return {
    sent: produced.length,
    lost: brokerDies ? unended : [...unended, ...unseen],
    lostByBroker: brokerDies ? unseen : [],
    repeated: taken.length - seen.size,
    reordered,
    wrong: [...two, ...taken.filter((command) => !isSoundCommand(command)).map(({ id }) => id)],
  }
}
