import { createRequire } from 'node:module'

/** A partition of a fetch response as kafkajs has decoded it. */
interface FetchedPartition {
  abortedTransactions?: readonly AbortedTransaction[]
  readonly messages: readonly FetchedRecord[]
}

/** Int64 as text, as kafkajs has them. */
interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

interface FetchedRecord {
  readonly offset: string
  /** Such a record is read past and never shown. */
  isControlRecord: boolean
  /** Absent in the formats from before there were transactions. */
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean }
}

type Fetch = (request: unknown) => Promise<{
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[]
}>

const installed = Symbol.for('emqx-kafka-bridge.aborted-records')

/**
 * Makes kafkajs 2.2.4 read committed records only, as it says. Its own filter takes at most one aborted transaction for
 * each record, and trusts Kafka to list them in the order they began, which Kafka does not: where such transactions
 * overlap, as those of a killed owner of many partitions do, it shows records that were never committed. Process-wide;
 * calling it again changes nothing.
 */
export function hideAbortedRecords(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker') as {
    readonly prototype: { fetch: Fetch; [installed]?: true }
  }
  if (prototype[installed]) return
  prototype[installed] = true
  const fetch = prototype.fetch
  prototype.fetch = async function hidden(this: unknown, request) {
    const response = await fetch.call(this, request)
    for (const { partitions } of response.responses) for (const partition of partitions) hideAborted(partition)
    return response
  }
}

/** Marks the records of aborted transactions as what is never shown, and leaves kafkajs none to look for. */
function hideAborted(partition: FetchedPartition): void {
  const begun = [...(partition.abortedTransactions ?? [])].sort((one, other) =>
    Number(BigInt(one.firstOffset) - BigInt(other.firstOffset)),
  )
  if (begun.length === 0) return
  partition.abortedTransactions = []
  /** Producers whose transaction here is one of them. */
  const aborted = new Set<string>()
  for (const record of partition.messages) {
    while (begun[0] !== undefined && BigInt(begun[0].firstOffset) <= BigInt(record.offset)) {
      aborted.add(begun[0].producerId)
      begun.shift()
    }
    const { producerId = '', inTransaction = false } = record.batchContext ?? {}
    // The marker behind the last record of a transaction.
    if (record.isControlRecord) aborted.delete(producerId)
    else if (inTransaction && aborted.has(producerId)) record.isControlRecord = true
  }
}
