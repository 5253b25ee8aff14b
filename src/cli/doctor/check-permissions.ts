import type { Settings } from '../../config/settings.ts'
import { type ClusterFacts, coordinatorOf, mayUseGroup, mayUseTransactionalId } from '../../kafka/cluster-facts.ts'
import type { DirectLine } from '../../kafka/direct-line.ts'
import type { KafkaGrant } from '../../roles/needs.ts'
import type { Report } from './finding.ts'
import { Grouped } from './grouped.ts'

const lacking: Readonly<Record<KafkaGrant['operation'], string>> = {
  Read: 'what is there is not read',
  Write: 'records for it cannot be stored, so nothing is acknowledged',
  Create: 'bridge topics apply cannot create it',
  Describe: 'the bridge cannot see that it is there',
  DescribeConfigs: 'its settings cannot be compared',
}

/** Asks Kafka whether the user may do what the roles need. The broker answers; nothing is tried that changes anything. */
export async function checkPermissions(
  report: Report,
  { kafka }: Settings,
  grants: readonly KafkaGrant[],
  { topics }: ClusterFacts,
  line: DirectLine,
  open: (address: string) => Promise<DirectLine>,
  guest: string,
): Promise<void> {
  const found = new Grouped('permission')
  const who = kafka.sasl.username === null ? 'this client' : `user ${kafka.sasl.username}`
  const judge = ({ resource, name, prefix, operation }: KafkaGrant, allowed: boolean | null): void => {
    const on = prefix ? `${resource} ${name}*` : `${resource} ${name}`
    const fix = 'allow it: bridge acl --format kafka'
    if (allowed === false)
      found.add('fail', on, { what: `${who} may not ${operation}`, costs: lacking[operation], fix })
    else if (allowed === null) {
      const costs = 'whether it is allowed shows only when it is needed'
      found.add('warn', on, { what: `the broker does not say whether ${who} may ${operation}`, costs, fix })
    }
  }
  for (const grant of grants) {
    if (grant.resource === 'topic') {
      const facts = topics.get(grant.name)
      const allowed = facts?.state === 'hidden' ? false : (facts?.allowed?.has(grant.operation) ?? null)
      judge(grant, allowed)
    } else if (grant.resource === 'group') {
      judge(grant, await mayRead(line, open, grant.prefix ? `${grant.name}${guest}` : grant.name))
    } else {
      judge(grant, await mayUseTransactionalId(line, `${grant.name}0`))
    }
  }
  found.say(report, `${grants.length} permissions`, `${who} may do all that the roles need`)
}

/**
 * Only the broker that looks after a group says what one may do with it. On a new cluster there is none before somebody
 * has asked, so it is asked for a while.
 */
async function mayRead(
  line: DirectLine,
  open: (address: string) => Promise<DirectLine>,
  group: string,
): Promise<boolean | null> {
  for (let attempt = 1; ; attempt += 1) {
    const here = await mayUseGroup(line, group)
    if (here !== null) return here
    const address = await coordinatorOf(line, group)
    if (address !== null && address !== line.address) return mayUseGroupAt(open(address), group)
    if (attempt === 10) return null
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

/** Null when it cannot be reached: the check of the addresses tells of that. */
async function mayUseGroupAt(opening: Promise<DirectLine>, group: string): Promise<boolean | null> {
  const other = await opening.catch(() => null)
  if (other === null) return null
  try {
    return await mayUseGroup(other, group)
  } finally {
    other.close()
  }
}
