import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, messageOf } from '../kernel/failure.ts'
import { DiskValues } from './disk-values.ts'

/** Names of the folders inside, so that nothing else of whoever shares the folder is ever removed. */
const prefix = 'bridge-state-'

/**
 * The folder of this process for what does not fit memory. What is in it is never used again: each owner of a partition
 * begins with an empty place and fills it from Kafka, so nothing can be stale.
 */
export class DiskFolder {
  readonly #folder: string
  readonly #limit: number
  readonly #open = new Set<{ close(): Promise<void> }>()

  /** `limit`: how many values all that is open may hold in memory together. */
  constructor(folder: string, limit: number) {
    this.#folder = folder
    this.#limit = limit
  }

  /** Removes what earlier processes left behind. Rejects with a `fatal` Failure when the folder cannot be used. */
  async open(): Promise<void> {
    try {
      await rm(await this.#newFolder(), { recursive: true })
      const left = (await readdir(this.#folder)).filter((name) => name.startsWith(prefix))
      for (const name of left) await rm(join(this.#folder, name), { recursive: true, force: true })
    } catch (error) {
      throw new Failure(
        'fatal',
        'store_unusable',
        `fleet.store.folder cannot be used (${messageOf(error)}): name a folder that this process may write to, or leave it out, then all things are held in memory`,
        { cause: error },
      )
    }
  }

  /** An empty place for values. */
  async values<V extends object>(): Promise<DiskValues<V>> {
    const folder = await this.#newFolder().catch((error: unknown) => {
      throw new Failure('transient', 'store_failed', `fleet.store.folder cannot be used: ${messageOf(error)}`)
    })
    const values = new DiskValues<V>(
      folder,
      () => this.#share(),
      () => this.#open.delete(values),
    )
    this.#open.add(values)
    try {
      await values.open()
    } catch (error) {
      await values.close()
      throw error
    }
    return values
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((values) => values.close()))
  }

  async #newFolder(): Promise<string> {
    await mkdir(this.#folder, { recursive: true })
    return mkdtemp(join(this.#folder, prefix))
  }

  /** All partitions of a process share the memory, however many it has at the moment. */
  #share(): number {
    return Math.ceil(this.#limit / Math.max(1, this.#open.size))
  }
}
