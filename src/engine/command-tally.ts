import type { Emit } from '../observe/events/event.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { CommandStatus } from '../records/generated/command-status.ts'

const none: ReadonlyMap<string, number> = new Map()

/** What was decided, counted on the side and told together: once for each run of inputs or answers, not for each one. */
export class CommandTally {
  readonly #emit: Emit
  #inputs = 0
  #received = 0
  #requests = 0
  #unknownOps = 0
  #ignored: Map<string, number> | null = null
  #statuses: Map<string, number> | null = null

  constructor(emit: Emit) {
    this.#emit = emit
  }

  input(isRequest: boolean): void {
    this.#inputs += 1
    if (isRequest) this.#requests += 1
  }

  record(record: BridgeRecord): void {
    this.#received += 1
    if (record.channel !== 'commandStatus') return
    this.#statuses = add(this.#statuses, (record.value as CommandStatus).status)
  }

  ignored(reason: string): void {
    this.#received += 1
    this.#ignored = add(this.#ignored, reason)
  }

  unknownOp(): void {
    this.#unknownOps += 1
  }

  tell(): void {
    const [messages, received, requests, unknownOps] = [this.#inputs, this.#received, this.#requests, this.#unknownOps]
    const [ignored, statuses] = [this.#ignored, this.#statuses]
    this.#inputs = 0
    this.#received = 0
    this.#requests = 0
    this.#unknownOps = 0
    this.#ignored = null
    this.#statuses = null
    const input = 'kafka'
    if (messages + received > 0)
      this.#emit({ event: 'inputs_decided', input, messages, received, ignored: ignored ?? none })
    if (statuses !== null) this.#emit({ event: 'command_statuses_stored', statuses })
    if (requests + unknownOps > 0) this.#emit({ event: 'commands_read', requests, unknownOps })
  }
}

function add(counts: Map<string, number> | null, name: string): Map<string, number> {
  const all = counts ?? new Map<string, number>()
  all.set(name, (all.get(name) ?? 0) + 1)
  return all
}
