import { thingRecordFault } from '../../fleet/registry.ts'
import { codecOf } from '../../records/codec.ts'
import type { PresenceRecord } from '../../records/generated/presence-record.ts'
import type { ThingRecord } from '../../records/generated/thing-record.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Onlooker } from '../onlooker.ts'
import { harmless } from '../text-table.ts'
import type { Account } from './account.ts'

/** The registered things and whether they are online. */
export interface ThingsView {
  readonly things: ReadonlyMap<string, ThingRecord>
  readonly presence: ReadonlyMap<string, PresenceRecord>
}

/** Has the look fill a view: of one thing, or of all. */
export function watchThings(look: Onlooker, thing: string | null): ThingsView {
  const things = new Map<string, ThingRecord>()
  const presence = new Map<string, PresenceRecord>()
  const sight = { keys: thing === null ? null : [thing], from: 'first' } as const
  look.on('thingRegistry', codecOf('ThingRecord'), sight, (record, key) => {
    if ((thing !== null && key !== thing) || thingRecordFault(key, record) !== null) return
    if (record === null) things.delete(key)
    else things.set(key, record)
  })
  look.on('fleetPresence', codecOf('PresenceRecord'), sight, (record, key) => {
    if (thing !== null && key !== thing) return
    if (record === null) presence.delete(key)
    else presence.set(key, record)
  })
  return { things, presence }
}

/** Such as `online since 2026-…`. */
export function presenceText(presence: PresenceRecord | undefined): string {
  if (presence === undefined) return 'never seen'
  const { online, connectedAt, disconnectedAt, occurredAt } = presence
  const since = new Date((online ? connectedAt : disconnectedAt) ?? occurredAt).toISOString()
  return `${online ? 'online' : 'offline'} since ${since}`
}

export function noThing(thing: string, account: Account): number {
  const name = harmless(thing)
  account.note(`there is no thing ${name}; register it with: bridge thing register ${name}`)
  return exitCodes.failed
}
