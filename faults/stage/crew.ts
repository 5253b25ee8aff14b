import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IngestWorker, type SettingsTree } from '../../test/kit/ingest-worker.ts'

/** A worker and where it is told what to suffer from inside. */
export interface CrewMember {
  readonly slot: number
  readonly worker: IngestWorker
  readonly startedAt: number
}

/** The bridge processes of a row, by slot. */
export class Crew {
  /** Everyone who ever worked here, for the story of a loss. */
  readonly everyone: CrewMember[] = []
  /** Who is meant when nobody else is named. */
  readonly victim: number
  readonly #bySlot = new Map<number, CrewMember>()
  readonly #settingsOf: (slot: number) => SettingsTree
  readonly #rolesOf: (slot: number) => string

  constructor(victim: number, settingsOf: (slot: number) => SettingsTree, rolesOf: (slot: number) => string) {
    this.victim = victim
    this.#settingsOf = settingsOf
    this.#rolesOf = rolesOf
  }

  get present(): readonly CrewMember[] {
    return [...this.#bySlot.values()]
  }

  worker(slot = this.victim): IngestWorker {
    const member = this.#bySlot.get(slot)
    if (member === undefined) throw new Error(`no worker has slot ${slot}`)
    return member.worker
  }

  /** Resolves when it serves its health; it may wait for its servers then. */
  async begin(slot = this.victim): Promise<IngestWorker> {
    const member = await this.#spawn(slot)
    this.#bySlot.set(slot, member)
    return member.worker
  }

  /** Resolves when it is ready. */
  async start(slot = this.victim): Promise<IngestWorker> {
    const worker = await this.begin(slot)
    await worker.becomes(true, 0, 90_000)
    return worker
  }

  /** Another process with a slot that is taken. Resolves when it serves its health. Whoever asked for it ends it. */
  async impostor(slot = this.victim): Promise<IngestWorker> {
    return (await this.#spawn(slot)).worker
  }

  async kill(slot = this.victim): Promise<void> {
    await this.worker(slot).process.kill()
    this.#bySlot.delete(slot)
  }

  /** SIGTERM. Throws when it did not end by itself and well. */
  async stop(slot = this.victim): Promise<void> {
    const { process } = this.worker(slot)
    this.#bySlot.delete(slot)
    const exit = await process.stop()
    if (exit.code !== 0) throw new Error(`slot ${slot} ended with ${JSON.stringify(exit)}\n${process.tail()}`)
  }

  /** Resolves when every worker that is here says that it is ready. */
  async ready(timeoutMs: number): Promise<void> {
    for (const { worker } of this.present) {
      const lines = worker.lines('readiness_changed')
      if (lines.at(-1)?.['ready'] !== true) await worker.becomes(true, worker.now, timeoutMs)
    }
  }

  async close(): Promise<void> {
    for (const { worker } of this.everyone) await worker.close()
  }

  async #spawn(slot: number): Promise<CrewMember> {
    const suffering = fileURLToPath(new URL('../worker/suffering.mjs', import.meta.url))
    const startedAt = Date.now()
    const environment = { NODE_OPTIONS: `--import ${suffering}` }
    const worker = await IngestWorker.start(this.#settingsOf(slot), this.#rolesOf(slot), environment)
    const member = { slot, worker, startedAt }
    this.everyone.push(member)
    return member
  }
}

/** Where `suffering.mjs` of this worker reads its orders. */
export function ordersOf(worker: IngestWorker): string {
  return join(worker.process.folder, 'orders.json')
}
