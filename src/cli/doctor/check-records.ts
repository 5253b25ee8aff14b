import type { Settings } from '../../config/settings.ts'
import { type ClusterFacts, hasRecords } from '../../kafka/cluster-facts.ts'
import type { DirectLine } from '../../kafka/direct-line.ts'
import type { ChannelName } from '../../records/catalogue.ts'
import { topicsOf } from '../../records/topics.ts'
import type { NeedyName } from '../../roles/needs.ts'
import type { Report } from './finding.ts'

interface Wanted {
  readonly channel: ChannelName
  readonly what: string
  readonly costs: string
  readonly fix: string
}

/** What people must have written before these roles are of use to anybody. */
function wantedOf({ fleet }: Settings, roles: readonly NeedyName[]): readonly Wanted[] {
  const wanted: Wanted[] = []
  if (fleet.registryMode === 'strict' && roles.some((role) => role === 'fleet' || role === 'http')) {
    const costs = 'messages and requests of every thing are refused (fleet.registryMode is strict)'
    const fix = 'register the things: bridge thing register NAME'
    wanted.push({ channel: 'thingRegistry', what: 'no thing was ever registered', costs, fix })
  }
  if (roles.includes('http')) {
    const costs = 'every HTTP request is answered 401'
    wanted.push({
      channel: 'apiKeyRegistry',
      what: 'there was never an API key',
      costs,
      fix: 'bridge api-key create NAME',
    })
  }
  return wanted
}

/** Looks whether anything was written where people write. `open` connects to a broker by its address. */
export async function checkRecords(
  report: Report,
  settings: Settings,
  roles: readonly NeedyName[],
  facts: ClusterFacts,
  line: DirectLine,
  open: (address: string) => Promise<DirectLine>,
): Promise<void> {
  for (const { channel, what, costs, fix } of wantedOf(settings, roles)) {
    const topic = topicsOf(settings)[channel]
    const found = await anyRecords(topic, facts, line, open)
    if (found === true) report.ok('records', topic, 'holds records')
    else if (found === false) report.warn('records', topic, what, costs, fix)
  }
}

/** Null when a broker that leads some of it does not say; what keeps it from that is another finding. */
async function anyRecords(
  topic: string,
  { brokers, topics }: ClusterFacts,
  line: DirectLine,
  open: (address: string) => Promise<DirectLine>,
): Promise<boolean | null> {
  const facts = topics.get(topic)
  if (facts?.state !== 'there') return null
  let isSaid = true
  for (const { id, address } of brokers) {
    const led = facts.partitions.filter(({ leader }) => leader === id).map(({ index }) => index)
    if (led.length === 0) continue
    const other = address === line.address ? null : await open(address).catch(() => null)
    const asked = other ?? line
    const found = await hasRecords(asked, topic, led).finally(() => other?.close())
    if (found === true) return true
    isSaid &&= found === false
  }
  return isSaid && facts.partitions.every(({ leader }) => leader >= 0) ? false : null
}
