import type { Settings } from '../../config/settings.ts'
import { isThingName } from '../../fleet/names.ts'
import { thingRecordFault } from '../../fleet/registry.ts'
import { Failure } from '../../kernel/failure.ts'
import type { ThingRecord } from '../../records/generated/thing-record.ts'
import { fromPlain } from '../../records/plain.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { harmless } from '../text-table.ts'
import { UsageError } from '../usage-error.ts'
import type { Account } from './account.ts'
import { noThing, watchThings } from './thing-view.ts'
import { writeRecords } from './write-records.ts'

/** What the command line says of a thing; what it leaves out stays as it is. */
export type ThingChange = Partial<Omit<ThingRecord, 'thingName'>>

/** `bridge thing register NAME`: registers a thing, or changes what is said of it. */
export async function registerThing(
  settings: Settings,
  thingName: string,
  change: ThingChange,
  account: Account,
): Promise<number> {
  const before = await find(settings, thingName)
  const first: ThingRecord = {
    thingName,
    mqttClientId: thingName,
    thingId: null,
    thingType: null,
    groups: [],
    tags: {},
    description: null,
  }
  const record: ThingRecord = { ...(before ?? first), ...change }
  const fault = thingRecordFault(thingName, record)
  if (fault !== null) throw new UsageError(fault)
  await writeRecords(settings, 'thingRegistry', [[thingName, record]], account)
  const done = before === null ? 'registered' : 'changed'
  account.record(
    'thing',
    'ThingRecord',
    record,
    `${done} ${harmless(thingName)}, client id ${harmless(record.mqttClientId)}`,
  )
  return exitCodes.ok
}

/** `bridge thing unregister NAME`: everything known about it is forgotten by the bridge. */
export async function unregisterThing(settings: Settings, thingName: string, account: Account): Promise<number> {
  const before = await find(settings, thingName)
  if (before === null) return noThing(thingName, account)
  await writeRecords(settings, 'thingRegistry', [[thingName, null]], account)
  account.note(`unregistered ${harmless(thingName)}`)
  return exitCodes.ok
}

/**
 * `bridge thing register --file FILE`: one JSON object a line, with members as in the record; a thing that is
 * registered already is then as the line says. Nothing is written when a line is wrong.
 */
export async function registerThings(settings: Settings, text: string, account: Account): Promise<number> {
  const things = new Map<string, ThingRecord>()
  let faults = 0
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const read = readThing(line)
    if (typeof read === 'string') {
      faults += 1
      account.note(`line ${index + 1}: ${read}`)
    } else things.set(read.thingName, read)
  }
  if (faults > 0 || things.size === 0) {
    account.note('bridge thing: nothing was registered')
    return exitCodes.usage
  }
  await writeRecords(settings, 'thingRegistry', [...things], account)
  for (const thing of things.values()) account.record('thing', 'ThingRecord', thing, null)
  account.note(`${things.size} registered`)
  return exitCodes.ok
}

async function find(settings: Settings, thingName: string): Promise<ThingRecord | null> {
  const look = new Onlooker(settings)
  const { things } = watchThings(look, thingName)
  await look.begin()
  await look.readToEnd()
  return things.get(thingName) ?? null
}

const members = ['thingName', 'mqttClientId', 'thingId', 'thingType', 'groups', 'tags', 'description']

/** The record of a line, or what is wrong with it. The client id is the name when the line says none. */
function readThing(line: string): ThingRecord | string {
  let plain: unknown
  try {
    plain = JSON.parse(line)
  } catch {
    return 'is no JSON'
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return 'is no JSON object'
  const stranger = Object.keys(plain).find((name) => !members.includes(name))
  if (stranger !== undefined) return `${JSON.stringify(stranger)} is no member; there are ${members.join(', ')}`
  const name = 'thingName' in plain ? plain.thingName : undefined
  if (typeof name !== 'string' || !isThingName(name)) return 'thingName is missing or no name of a thing'
  try {
    const record = fromPlain('ThingRecord', { mqttClientId: name, ...plain })
    return thingRecordFault(name, record) ?? record
  } catch (error) {
    if (error instanceof Failure) return error.message
    throw error
  }
}
