import type { Admin, Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs'
import type { Backoff } from '../kernel/backoff.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'
import { type KafkaClientOptions, newKafka } from './client.ts'
import { ClientSockets } from './client-sockets.ts'
import { consumedMessage } from './consumed-message.ts'
import { coPartitionAssigner } from './copartition-assigner.ts'
import { kafkaFailure } from './errors.ts'
import { type LeaseOptions, MemberLease } from './member-lease.ts'

export interface GroupOptions extends LeaseOptions {
  readonly client: KafkaClientOptions
  readonly groupId: string
  /** Topics of one key space, with the same number of partitions. */
  readonly topics: readonly string[]
  readonly partitions: number
  readonly maxWaitMs: number
  readonly maxBytesPerPartition: number
  /** How long one question may take. */
  readonly deadlineMs: number
}

export interface GroupHooks {
  /** The group is about to share out its partitions anew: the last moment to commit what is done. */
  rebalancing(): void
  /**
   * These partitions are ours from now on. Nothing is read of them before `startAt`. Told after every rebalance, also
   * when nothing is new.
   */
  taken(partitions: readonly number[]): void
  /**
   * These are not ours any more: forget their work, another worker repeats it. `shared`: the group has shared out
   * anew just now. `expelled`: all are lost, others may have had them for a while and have decided otherwise.
   */
  lost(partitions: readonly number[], how: 'shared' | 'expelled'): void
  /** Records of one partition in order; `next` is the offset after them, also when the last ones were no records. */
  records(messages: readonly KafkaMessage[], topic: string, partition: number, next: bigint): void
}

export interface Committed {
  readonly offset: bigint
  readonly metadata: string
}

export interface CommitEntry {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly metadata: string
}

/**
 * A member of a consumer group that owns whole partition numbers: partition `p` of all of its topics.
 *
 * Ownership is ours to guard: kafkajs accepts a commit for a partition that was taken away, and has no hook that
 * waits. So everything that was held is given up when the group rebalances (`protocol()`), and taken again at
 * GROUP_JOIN. A member that stayed in the group all the time keeps what it is given again: no other member can have
 * had it in between.
 */
export class GroupSource {
  readonly #options: GroupOptions
  readonly #hooks: GroupHooks
  readonly #backoff: Backoff
  readonly #emit: Emit
  readonly #sockets = new ClientSockets()
  readonly #lease: MemberLease
  #consumer: Consumer | null = null
  #admin: Admin | null = null
  #memberId = ''
  #held = new Set<number>()
  /** False from the moment a rebalance begins until this member knows what it holds. */
  #settled = false
  /** Next offset to read, by topic and partition. */
  readonly #positions = new Map<string, bigint>()
  #closed = false
  #retry: NodeJS.Timeout | undefined

  constructor(options: GroupOptions, hooks: GroupHooks, backoff: Backoff, emit: Emit) {
    this.#options = options
    this.#hooks = hooks
    this.#backoff = backoff
    this.#emit = emit
    this.#lease = new MemberLease(options, () => this.checkLease())
  }

  get held(): ReadonlySet<number> {
    return this.#held
  }

  /** Whether the partition is ours without doubt. */
  owns(partition: number): boolean {
    this.checkLease()
    return this.#held.has(partition)
  }

  /** When the lease is over the group may have given our partitions away, and to join anew is the only way to know. */
  checkLease(): void {
    if (this.#consumer === null || !this.#lease.isOver(!this.#settled)) return
    this.#again(new Failure('transient', 'timeout', 'no heartbeat was answered for a whole session'))
  }

  open(): void {
    this.#start().catch((error: unknown) => this.#again(error))
  }

  /** Logs in with the files of now. It stays in the group, and keeps its partitions. */
  async renew(): Promise<void> {
    await this.#options.client.access.read()
    await this.#sockets.cut()
  }

  /** Leaves the group, so that its partitions move on at once. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#lease.end()
    this.#loseAll('closing')
    const [consumer, admin] = [this.#consumer, this.#admin]
    this.#consumer = null
    this.#admin = null
    const { deadlineMs } = this.#options
    const ended = [consumer?.disconnect(), admin?.disconnect()].filter((end) => end !== undefined)
    await withDeadline(Promise.allSettled(ended), deadlineMs, 'leaving the group').catch(() => undefined)
  }

  /** Begins to read a held partition of one topic at this offset. */
  startAt(topic: string, partition: number, offset: bigint): void {
    if (!this.#held.has(partition)) return
    this.#positions.set(placeOf(topic, partition), offset)
    this.#consumer?.seek({ topic, partition, offset: String(offset) })
    this.#consumer?.resume([{ topic, partitions: [partition] }])
  }

  pause(topic: string, partition: number): void {
    if (this.#held.has(partition)) this.#consumer?.pause([{ topic, partitions: [partition] }])
  }

  resume(topic: string, partition: number): void {
    if (this.#held.has(partition)) this.#consumer?.resume([{ topic, partitions: [partition] }])
  }

  /** Commits what is still held; the rest is left to its owner. Rejects with a `transient` or `lost` Failure. */
  async commit(entries: readonly CommitEntry[]): Promise<void> {
    const consumer = this.#consumer
    if (consumer === null || !this.#settled) throw new Failure('lost', 'rebalancing', 'the group is rebalancing')
    const own = entries.filter(({ partition }) => this.#held.has(partition))
    if (own.length === 0) return
    try {
      await withDeadline(
        consumer.commitOffsets(own.map((entry) => ({ ...entry, offset: String(entry.offset) }))),
        this.#options.deadlineMs,
        'committing offsets',
      )
    } catch (error) {
      throw kafkaFailure(error)
    }
  }

  /** What is committed for the held partitions of a topic; absent where nothing is. */
  async committed(topic: string): Promise<ReadonlyMap<number, Committed>> {
    const topics = await this.#ask((admin) => admin.fetchOffsets({ groupId: this.#options.groupId, topics: [topic] }))
    const entries = topics.flatMap(({ partitions }) => partitions)
    return new Map(
      entries
        .filter(({ offset }) => BigInt(offset) >= 0n)
        .map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata: metadata ?? '' }]),
    )
  }

  /** First offset of each partition that is there, and the offset after its last record. */
  async bounds(topic: string): Promise<ReadonlyMap<number, { readonly low: bigint; readonly high: bigint }>> {
    const offsets = await this.#ask((admin) => admin.fetchTopicOffsets(topic))
    return new Map(offsets.map((o) => [o.partition, { low: BigInt(o.low), high: BigInt(o.high) }]))
  }

  /** Offset of the first record with this timestamp or a later one; the end of the partition when there is none. */
  async offsetsAt(topic: string, timestamp: number): Promise<ReadonlyMap<number, bigint>> {
    const offsets = await this.#ask((admin) => admin.fetchTopicOffsetsByTimestamp(topic, timestamp))
    return new Map(offsets.map((o) => [o.partition, BigInt(o.offset)]))
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#admin
    if (admin === null) throw new Failure('transient', 'connection', 'not connected to Kafka')
    try {
      return await withDeadline(question(admin), this.#options.deadlineMs, 'asking Kafka')
    } catch (error) {
      throw kafkaFailure(error)
    }
  }

  async #start(): Promise<void> {
    const { client, groupId, topics, partitions, deadlineMs } = this.#options
    const kafka = await withDeadline(
      newKafka(client, this.#emit, this.#sockets.add),
      deadlineMs,
      'reading the credentials',
    )
    const admin = kafka.admin({ retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000 } })
    // A consumer that was given up may join once more before it stops: it is not us any more.
    const ofNow = (tell: () => void): void => {
      if (this.#consumer === consumer) tell()
    }
    const consumer = kafka.consumer({
      groupId,
      partitionAssigners: [coPartitionAssigner(partitions, () => ofNow(() => this.#revoked()))],
      sessionTimeout: this.#options.sessionTimeoutMs,
      rebalanceTimeout: this.#options.rebalanceTimeoutMs,
      heartbeatInterval: this.#options.heartbeatIntervalMs,
      maxWaitTimeInMs: this.#options.maxWaitMs,
      maxBytesPerPartition: this.#options.maxBytesPerPartition,
      allowAutoTopicCreation: false,
      // A consumer that crashed is replaced below, by our own back-off.
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2000, restartOnFailure: async () => false },
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => ofNow(() => this.#again(payload.error)))
    consumer.on(consumer.events.HEARTBEAT, () => ofNow(() => this.#lease.extend()))
    // Not when the group is joined: a member may be let in, and refused at its first fetch, over and over.
    consumer.on(consumer.events.FETCH, () => ofNow(() => this.#backoff.reset()))
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { batchSize, topic, partition, lastOffset } }) => {
      // Nothing but aborted or control records: `eachBatch` is not called, but the position moves on.
      if (batchSize === 0) ofNow(() => this.#passed(topic, partition, BigInt(lastOffset) + 1n))
    })
    // Told before the request to join is written, and commits still count until all members have joined.
    consumer.on(consumer.events.REBALANCING, () => ofNow(() => this.#hooks.rebalancing()))
    consumer.on(consumer.events.GROUP_JOIN, (event) => ofNow(() => this.#joined(event)))
    const forget = (): void => {
      for (const each of [admin, consumer]) each.disconnect().catch(() => undefined)
    }
    try {
      await withDeadline(Promise.all([admin.connect(), consumer.connect()]), deadlineMs, 'connecting to Kafka')
    } catch (error) {
      // It may still connect, and nobody would end it.
      forget()
      throw error
    }
    if (this.#closed) {
      forget()
      return
    }
    this.#admin = admin
    this.#consumer = consumer
    this.#lease.begin()
    try {
      await consumer.subscribe({ topics: [...topics], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: 3,
        eachBatch: async (payload) => ofNow(() => this.#take(payload)),
      })
    } catch (error) {
      if (this.#consumer === consumer) throw error
    }
    // It was given up meanwhile: the lease was over, or joining failed, which kafkajs tells by CRASH alone.
    if (this.#consumer !== consumer) return
    this.#emit({ event: 'kafka_connected', part: groupId, brokers: client.brokers })
  }

  #take(payload: EachBatchPayload): void {
    const { batch } = payload
    const { topic, partition } = batch
    // A batch that was in hand while we sought elsewhere must not move the position on.
    if (!this.#held.has(partition) || payload.isStale()) return
    const next = BigInt(batch.lastOffset()) + 1n
    this.#positions.set(placeOf(topic, partition), next)
    const messages = batch.messages.map((raw) => consumedMessage(topic, partition, raw))
    this.#hooks.records(messages, topic, partition, next)
  }

  #passed(topic: string, partition: number, next: bigint): void {
    if (!this.#held.has(partition)) return
    this.#positions.set(placeOf(topic, partition), next)
    this.#hooks.records([], topic, partition, next)
  }

  #revoked(): void {
    this.#settled = false
    this.#lease.extend()
  }

  #joined({ payload }: ConsumerGroupJoinEvent): void {
    const { groupId, topics } = this.#options
    if (payload.memberId !== this.#memberId) this.#loseAll('joined anew')
    this.#memberId = payload.memberId
    this.#lease.begin()
    const now = new Set(Object.values(payload.memberAssignment)[0] ?? [])
    const gone = [...this.#held].filter((partition) => !now.has(partition))
    const fresh = [...now].filter((partition) => !this.#held.has(partition))
    const kept = [...now].filter((partition) => this.#held.has(partition))
    this.#held = now
    this.#settled = true
    if (gone.length > 0) {
      this.#hooks.lost(gone, 'shared')
      this.#emit({ event: 'kafka_partitions_lost', group: groupId, reason: 'rebalance', unfinished: 0 })
    }
    for (const topic of topics) {
      if (fresh.length > 0) this.#consumer?.pause([{ topic, partitions: fresh }])
      // kafkajs would go on from the committed offset: what was read since is still in work here.
      for (const partition of kept) {
        const offset = this.#positions.get(placeOf(topic, partition))
        if (offset !== undefined) this.#consumer?.seek({ topic, partition, offset: String(offset) })
      }
    }
    this.#emit({ event: 'kafka_partitions_assigned', group: groupId, topics, partitions: now.size })
    this.#hooks.taken(fresh)
  }

  #loseAll(reason: string): void {
    const held = [...this.#held]
    this.#held = new Set()
    this.#settled = false
    this.#positions.clear()
    if (held.length === 0) return
    this.#hooks.lost(held, 'expelled')
    this.#emit({ event: 'kafka_partitions_lost', group: this.#options.groupId, reason, unfinished: 0 })
  }

  #again(error: unknown): void {
    if (this.#closed) return
    const failure = kafkaFailure(error)
    const { groupId } = this.#options
    this.#emit({ event: 'kafka_unreachable', part: groupId, code: failure.code, error: failure.message })
    this.#loseAll('consumer failed')
    this.#memberId = ''
    for (const client of [this.#consumer, this.#admin]) client?.disconnect().catch(() => undefined)
    this.#consumer = null
    this.#admin = null
    this.#lease.end()
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.open(), this.#backoff.next())
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
