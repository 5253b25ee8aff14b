import { codecOf } from '../../records/codec.ts'
import type { CommandExecution } from '../../records/generated/command-execution.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Onlooker } from '../onlooker.ts'
import { harmless } from '../text-table.ts'
import type { Account } from './account.ts'
import type { Sequel } from './ask.ts'

/** What becomes of a command until it has ended. It always ends: at the latest when its time to live is over. */
export class CommandSequel implements Sequel {
  readonly #thing: string
  readonly #executionId: string
  readonly #account: Account
  #last: CommandExecution | null = null

  constructor(thing: string, executionId: string, account: Account) {
    this.#thing = thing
    this.#executionId = executionId
    this.#account = account
  }

  watch(look: Onlooker): void {
    look.on('commandExecutions', codecOf('CommandExecution'), { keys: [this.#thing], from: 'end' }, (execution) => {
      if (execution?.thingName !== this.#thing || execution.executionId !== this.#executionId) return
      this.#last = execution
      this.#account.record('execution', 'CommandExecution', execution, executionText(execution))
    })
  }

  isOver(): boolean {
    return this.#last !== null && this.#last.status !== 'SENT'
  }

  screen(): string {
    return `waiting for ${harmless(this.#thing)}`
  }

  end(): number {
    return this.#last?.status === 'SUCCEEDED' ? exitCodes.ok : exitCodes.failed
  }

  unfinished(): string {
    return `no end in time; see: bridge thing show ${harmless(this.#thing)}`
  }
}

/** An execution as one line. */
function executionText(execution: CommandExecution): string {
  const { occurredAt, thingName, executionId, action, status, reason, resultJson } = execution
  return [new Date(occurredAt).toISOString(), thingName, executionId, action, status, reason ?? '', resultJson ?? '']
    .filter((part) => part !== '')
    .map(harmless)
    .join('  ')
}
