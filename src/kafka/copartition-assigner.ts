import kafkajs, { type PartitionAssigner } from 'kafkajs'

/**
 * Gives partition `p` of every topic to the same member, as whole state of a key lies on one worker only if all of
 * its topics do. Sticky by arithmetic: members in order of their ids, partitions dealt round.
 *
 * `onRevoke` is called when the member is about to join: from then on nothing it held is its own until it is told.
 */
export function coPartitionAssigner(partitions: number, onRevoke: () => void): PartitionAssigner {
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
  return () => ({
    name: 'bridge-co-partition',
    version: 1,
    protocol({ topics }) {
      onRevoke()
      return {
        name: this.name,
        metadata: MemberMetadata.encode({ version: this.version, topics, userData: Buffer.alloc(0) }),
      }
    },
    async assign({ members, topics }) {
      const ids = members.map((member) => member.memberId).sort()
      return ids.map((memberId, index) => {
        const own = Array.from({ length: partitions }, (_, p) => p).filter((p) => p % ids.length === index)
        const assignment = Object.fromEntries(topics.map((topic) => [topic, own]))
        return {
          memberId,
          memberAssignment: MemberAssignment.encode({ version: this.version, assignment, userData: Buffer.alloc(0) }),
        }
      })
    },
  })
}
