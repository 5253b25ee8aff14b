import { codecOf } from '../../records/codec.ts'
import type { FleetResult } from '../../records/generated/fleet-result.ts'
import type { ShadowChange } from '../../records/generated/shadow-change.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Onlooker } from '../onlooker.ts'
import { harmless } from '../text-table.ts'
import type { Account } from './account.ts'
import type { Sequel } from './ask.ts'

/** The writes to a shadow until the device has reported what is desired (fleets 9.4). */
export class ShadowSequel implements Sequel {
  readonly #thing: string
  readonly #account: Account
  #last: ShadowChange | null = null
  /** Seen and not told yet: until the answer says which version is ours, nobody knows which came before it. */
  #untold: ShadowChange[] = []

  constructor(thing: string, account: Account) {
    this.#thing = thing
    this.#account = account
  }

  watch(look: Onlooker): void {
    look.on('shadowChanges', codecOf('ShadowChange'), { keys: [this.#thing], from: 'end' }, (change) => {
      if (change === null || change.thingName !== this.#thing) return
      this.#untold.push(change)
    })
  }

  isOver({ shadowVersion }: FleetResult): boolean {
    for (const change of this.#untold.splice(0)) {
      if (change.version < (shadowVersion ?? 0)) continue
      this.#last = change
      this.#account.record('change', 'ShadowChange', change, changeText(change))
    }
    return this.#last?.deltaJson === '{}'
  }

  screen(): string {
    return `waiting for ${harmless(this.#thing)} to report what is desired`
  }

  end(): number {
    this.#account.note(`${harmless(this.#thing)} is as desired, shadow version ${this.#last?.version}`)
    return exitCodes.ok
  }

  unfinished(): string {
    const thing = harmless(this.#thing)
    const delta = harmless(this.#last?.deltaJson ?? '{}')
    return `${thing} is not as desired yet: delta ${delta}. It will see it when it is online: bridge thing show ${thing}`
  }
}

function changeText({ occurredAt, version, section, patchJson, deltaJson }: ShadowChange): string {
  const time = new Date(occurredAt).toISOString()
  return `${time}  version ${version}  ${section}  ${harmless(patchJson)}  delta ${harmless(deltaJson)}`
}
