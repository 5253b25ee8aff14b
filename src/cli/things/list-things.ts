import type { Settings } from '../../config/settings.ts'
import type { ThingRecord } from '../../records/generated/thing-record.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { harmless, textTable } from '../text-table.ts'
import type { Account } from './account.ts'
import { tagsText } from './show-thing.ts'
import { presenceText, watchThings } from './thing-view.ts'

/** Which things; null and no tags: all. */
export interface ThingFilter {
  readonly type: string | null
  readonly tags: Readonly<Record<string, string>>
}

/** `bridge thing list`, by name. Exit code 1 when there is none. */
export async function listThings(settings: Settings, filter: ThingFilter, account: Account): Promise<number> {
  const look = new Onlooker(settings)
  const { things, presence } = watchThings(look, null)
  await look.begin()
  await look.readToEnd((share) => account.show(`reading ${Math.floor(share * 100)} %`))
  account.clear()
  const found = [...things.values()]
    .filter((thing) => isWanted(thing, filter))
    .sort((one, other) => (one.thingName < other.thingName ? -1 : 1))
  const rows: string[][] = []
  for (const thing of found) {
    const { thingName, mqttClientId, thingType, tags } = thing
    if (account.json) account.record('thing', 'ThingRecord', thing, null)
    else {
      const cells = [thingName, mqttClientId, thingType ?? '', tagsText(tags), presenceText(presence.get(thingName))]
      rows.push(cells.map(harmless))
    }
  }
  account.io.stdout.write(textTable(['THING', 'CLIENT ID', 'TYPE', 'TAGS', 'PRESENCE'], rows))
  if (found.length === 0) account.note('no thing found')
  return found.length === 0 ? exitCodes.failed : exitCodes.ok
}

function isWanted({ thingType, tags }: ThingRecord, filter: ThingFilter): boolean {
  return (
    (filter.type === null || thingType === filter.type) &&
    Object.entries(filter.tags).every(([name, value]) => tags[name] === value)
  )
}
