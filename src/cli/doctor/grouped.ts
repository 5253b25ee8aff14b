import type { CheckName, Report } from './finding.ts'

interface Words {
  readonly what: string
  readonly costs: string
  readonly fix: string
}

/** Collects what is wrong with many things, so that the same words are said once for all of them. */
export class Grouped {
  readonly #check: CheckName
  readonly #groups = new Map<
    string,
    { readonly level: 'warn' | 'fail'; readonly words: Words; readonly on: string[] }
  >()

  constructor(check: CheckName) {
    this.#check = check
  }

  add(level: 'warn' | 'fail', on: string, words: Words): void {
    const key = [level, words.what, words.costs, words.fix].join('\n')
    const known = this.#groups.get(key)
    if (known === undefined) this.#groups.set(key, { level, words, on: [on] })
    else if (!known.on.includes(on)) known.on.push(on)
  }

  /** Says the groups, or that all is well. */
  say(report: Report, on: string, allIsWell: string): void {
    for (const { level, words, on: things } of this.#groups.values()) {
      report[level](this.#check, things.join(' '), words.what, words.costs, words.fix)
    }
    if (this.#groups.size === 0) report.ok(this.#check, on, allIsWell)
  }
}
