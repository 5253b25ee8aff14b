import { type CredentialFiles, changedFiles, readCredentials, UnusableFile } from '../kernel/credential-files.ts'
import { messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'

/** A server that the bridge logs in to with files. */
export interface WatchedLogin {
  /** From the closed set `servers`. */
  readonly server: string
  readonly files: CredentialFiles
  /** Logs in once with the files of now, and out again. Rejects when the server does not let it. */
  try(): Promise<void>
  /** Makes what is connected use the files of now. Rejects when it has to be asked again. */
  renew(): Promise<void>
}

interface Watched {
  readonly login: WatchedLogin
  /** Digests of what is in use; null before the files were read for the first time. */
  inUse: ReadonlyMap<string, string> | null
  isBehind: boolean
}

/** A file is taken to be written when it has not changed for this long. */
const settledMs = 100

/**
 * Looks at the files of certificates, keys and passwords and has them used when they have changed: read and compared,
 * because Kubernetes swaps a folder by a link, which file events do not follow, and other systems do otherwise. What
 * cannot be used, or is refused by the server, changes nothing but is said, and is looked at again.
 */
export class CredentialWatch {
  readonly #watched: readonly Watched[]
  readonly #everyMs: number
  readonly #emit: Emit
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(logins: readonly WatchedLogin[], everyMs: number, emit: Emit) {
    this.#watched = logins
      .filter(({ files }) => Object.values(files).some((file) => file !== null))
      .map((login) => ({ login, inUse: null, isBehind: false }))
    this.#everyMs = everyMs
    this.#emit = emit
  }

  /** To be called before anything logs in: what is there now is what counts as in use. */
  async open(): Promise<void> {
    for (const watched of this.#watched) {
      // What cannot be read now is told by who needs it.
      watched.inUse = await digestsOf(watched.login.files).catch(() => null)
    }
    this.#again()
  }

  /** Begins nothing more. A renewal that is under way ends with the connections. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #again(): void {
    if (this.#closed || this.#watched.length === 0) return
    this.#timer = setTimeout(() => {
      this.#look().then(
        () => this.#again(),
        (error: unknown) => {
          this.#emit({ event: 'unexpected_error', where: 'credentials', error: messageOf(error) })
          this.#again()
        },
      )
    }, this.#everyMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    for (const watched of this.#watched) {
      if (!this.#closed) await this.#lookAt(watched)
    }
  }

  async #lookAt(watched: Watched): Promise<void> {
    const { login } = watched
    const { server } = login
    let files: readonly string[] = []
    try {
      const now = await digestsOf(login.files)
      files = changedFiles(watched.inUse, now)
      if (files.length === 0) {
        if (watched.isBehind) this.#emit({ event: 'credentials_as_before', server })
        watched.isBehind = false
        return
      }
      await new Promise((resolve) => setTimeout(resolve, settledMs))
      if (changedFiles(now, await digestsOf(login.files)).length > 0) return
      const began = performance.now()
      await login.try()
      await login.renew()
      watched.inUse = now
      watched.isBehind = false
      this.#emit({ event: 'credentials_reloaded', server, files, durationMs: Math.round(performance.now() - began) })
    } catch (error) {
      if (this.#closed) return
      watched.isBehind = true
      const named = error instanceof UnusableFile ? [error.file] : files
      this.#emit({ event: 'credentials_not_taken', server, files: named, error: messageOf(error) })
    }
  }
}

async function digestsOf(files: CredentialFiles): Promise<ReadonlyMap<string, string>> {
  return (await readCredentials(files)).digests
}
