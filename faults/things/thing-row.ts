import type { Seeded } from '../seeded.ts'
import type { ThingScene } from './thing-scene.ts'

/** One line of the table of things: a kind of fault, hurt many times while things and operators speak. */
export interface ThingRow {
  /** What `ROWS` picks it by. */
  readonly name: string
  /** As the table says it. */
  readonly title: string
  readonly faults: number
  /** Who works from the start, by slot. Those of slot 0 are hurt. */
  readonly roles: Readonly<Record<number, string>>
  /** Things that do jobs, `usualJobThings` by default. */
  readonly jobThings?: number
  /** Slot 0 holds few of its things in memory and the others in a folder. */
  readonly onDisk?: true
  /**
   * Hurts once and resolves when the cause is gone. Tells whether it met what it aims at, such as an open transaction.
   */
  readonly hurt: (scene: ThingScene, random: Seeded, nth: number) => Promise<boolean>
  /** Every fault must meet what it aims at; else one of them at least. */
  readonly aimed: boolean
  /** Whether publications must have come twice, or the faults were none. */
  readonly repeats?: true
}

export const usualJobThings = 12
