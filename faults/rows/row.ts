import type { SettingsTree } from '../../test/kit/ingest-worker.ts'
import type { Seeded } from '../seeded.ts'
import type { Scene } from '../stage/scene.ts'

/** One line of the table: a kind of fault, hurt many times while punches and commands flow. */
export interface Row {
  /** What `ROWS` picks it by. */
  readonly name: string
  /** As the table says it. */
  readonly title: string
  /** How often it is done. */
  readonly faults: number
  /** Servers that this row shares with others, one after the other; lanes run side by side. `cluster` has three brokers. */
  readonly lane: 'busy' | 'waiting' | 'cluster'
  /** Slots that work from the start; slot 0 alone by default. */
  readonly slots?: readonly number[]
  /** The slot that is hurt, the first of `slots` by default. */
  readonly victim?: number
  /** Punches a second, `usualRate` by default. */
  readonly rate?: number
  /** Over the settings of every worker. */
  readonly settings?: SettingsTree
  /** Over the settings of the attendance topic. */
  readonly attendanceTopic?: Readonly<Record<string, string>>
  /** What is lost between the broker's acknowledgement and its disk is the broker's, and shown as that. */
  readonly brokerDies?: true
  /**
   * Hurts once, and resolves when the cause is gone: from then on the bridge has to recover by itself. Throws when the
   * fault did not happen. `nth` counts from 0.
   */
  readonly hurt: (scene: Scene, random: Seeded, nth: number) => Promise<void>
  /** After the last fault, before the judgement: what an operator would do, such as bringing back a slot. */
  readonly after?: (scene: Scene) => Promise<void>
}

export const usualRate = 100
export const commandsPerSecond = 10
