import { X509Certificate } from 'node:crypto'
import { type Stats, unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { Failure, messageOf } from '../kernel/failure.ts'

/** Who a server is, and whom it lets in: with `caFile`, only clients with a certificate of these authorities. */
export interface ServerTls {
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string | null
}

/** What the files hold. */
export interface ServedCertificate {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca: Buffer | undefined
  /** Epoch milliseconds. */
  readonly notAfter: number
}

/** Symbolic links are followed, so this sees the swap of a mounted Secret, and it works on every platform. */
const lookEveryMs = 2000

/** Reads the files. Rejects with a fatal Failure `certificate_unusable` that names the setting. */
export async function readServed({ certFile, keyFile, caFile }: ServerTls): Promise<ServedCertificate> {
  const [cert, key, ca] = await Promise.all([
    readOf('certFile', certFile),
    readOf('keyFile', keyFile),
    caFile === null ? undefined : readOf('caFile', caFile),
  ])
  try {
    // Fails when one is none, or when they do not belong together.
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) })
    return { cert, key, ca, notAfter: Date.parse(new X509Certificate(cert).validTo) }
  } catch (error) {
    const files = [certFile, keyFile, ...(caFile === null ? [] : [caFile])].join(', ')
    throw unusable(`${files}: ${messageOf(error)}; give PEM files, and the key of the certificate`, error)
  }
}

/**
 * Calls `changed` with what the files hold whenever that is something else than `first`, then than the last one, and
 * `failed` when it cannot be used. Both files of a pair may not change at the same moment; the later change counts.
 * Returns what ends it.
 */
export function watchServed(
  files: ServerTls,
  first: ServedCertificate,
  changed: (served: ServedCertificate) => void,
  failed: (error: unknown) => void,
): () => void {
  let last = first
  let ended = false
  const look = async (): Promise<void> => {
    try {
      const served = await readServed(files)
      if (ended || isSame(served, last)) return
      last = served
      changed(served)
    } catch (error) {
      if (!ended) failed(error)
    }
  }
  // One after the other, so that what was read last is told last.
  let looking = Promise.resolve()
  const touched = (now: Stats, before: Stats): void => {
    if (now.mtimeMs === before.mtimeMs && now.ino === before.ino && now.size === before.size) return
    looking = looking.then(look)
  }
  const paths = [files.certFile, files.keyFile, ...(files.caFile === null ? [] : [files.caFile])]
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, touched)
  return () => {
    ended = true
    for (const path of paths) unwatchFile(path, touched)
  }
}

async function readOf(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw unusable(`${messageOf(error)}; correct http.tls.${option}, or let the bridge read the file`, error)
  }
}

function unusable(message: string, cause: unknown): Failure {
  return new Failure('fatal', 'certificate_unusable', message, { cause })
}

function isSame(one: ServedCertificate, other: ServedCertificate): boolean {
  const same = (a: Buffer | undefined, b: Buffer | undefined): boolean =>
    a === undefined || b === undefined ? a === b : a.equals(b)
  return same(one.cert, other.cert) && same(one.key, other.key) && same(one.ca, other.ca)
}
