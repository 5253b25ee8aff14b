import { randomBytes } from 'node:crypto'
import { IngestNames, type IngestServers, ingestSettings, type SettingsTree } from './ingest-worker.ts'
import { createTopics } from './topic-reader.ts'

/** Topics, groups and client ids of one test of the command role, so that tests can share servers. */
export class CommandNames extends IngestNames {
  readonly command: string
  readonly commandStatus: string

  constructor(what: string) {
    super(`${what}-${randomBytes(2).toString('hex')}`)
    this.command = `${this.name}.command`
    this.commandStatus = `${this.name}.command-status`
  }

  /** `counts` by topic, where it is not `partitions`; `configs` by topic, such as a small `max.message.bytes`. */
  async create(
    brokers: readonly string[],
    partitions = 3,
    counts: Readonly<Record<string, number>> = {},
    configs: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  ): Promise<void> {
    const topics = [...this.written, this.device, this.command, this.commandStatus]
    await createTopics(
      brokers,
      topics.map((topic) => ({ topic, partitions: counts[topic] ?? partitions, config: configs[topic] ?? {} })),
    )
  }
}

/** Short waits, so that a test need not wait long; `changes` has the last word. */
export function commandSettings(servers: IngestServers, names: CommandNames, changes: SettingsTree = {}): SettingsTree {
  const { command, commandStatus, attendance, presence, deadLetter, commandReply, device } = names
  const kafka = {
    topics: { command, commandStatus, attendance, presence, deadLetter, commandReply, device },
    // A machine that stands still for a moment must not look like a consumer that left its group.
    sessionTimeoutMs: 20_000,
    rebalanceTimeoutMs: 20_000,
    heartbeatIntervalMs: 300,
    fetchMaxWaitMs: 20,
    ...(changes['kafka'] as SettingsTree | undefined),
  }
  // Registering for the first time takes a busy registry longer than being asked again does.
  const registry = { timeoutMs: 15_000, ...(changes['registry'] as SettingsTree | undefined) }
  return ingestSettings(servers, names, { ...changes, kafka, registry })
}
