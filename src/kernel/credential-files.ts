import { createHash, createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { certificatesIn } from './certificates.ts'
import { messageOf } from './failure.ts'

/** The files with which the bridge logs in to one server, or is one itself; null where none is configured. */
export interface CredentialFiles {
  /** PEM of one or more authorities. */
  readonly caFile: string | null
  /** PEM of its certificate, and of those that issued it. */
  readonly certFile: string | null
  /** PEM of its key, without a password. */
  readonly keyFile: string | null
  /** A password, a secret or a token, as text. */
  readonly secretFile: string | null
}

export interface Credentials {
  readonly ca: Buffer | undefined
  readonly cert: Buffer | undefined
  readonly key: Buffer | undefined
  /** Without the line end at its end. */
  readonly secret: Buffer | undefined
  /** Digest of the contents by path; two that are equal have equal contents. */
  readonly digests: ReadonlyMap<string, string>
}

/** A file that is not there, is half written, or does not belong to its neighbour. Contents are never said. */
export class UnusableFile extends Error {
  readonly file: string

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`)
    this.file = file
  }
}

/**
 * Reads the files as they are now and looks whether they can be used together, so that a file which is being written
 * is found here and not by OpenSSL in the middle of a connect. Rejects with UnusableFile.
 */
export async function readCredentials(files: CredentialFiles): Promise<Credentials> {
  const { caFile, certFile, keyFile, secretFile } = files
  const paths = [caFile, certFile, keyFile, secretFile]
  const [ca, cert, key, text] = await Promise.all(paths.map(read))
  if (caFile !== null && ca !== undefined) certificatesOf(caFile, ca)
  const [own] = certFile !== null && cert !== undefined ? certificatesOf(certFile, cert) : []
  if (keyFile !== null && key !== undefined) {
    const parsed = keyIn(keyFile, key)
    if (own !== undefined && !own.checkPrivateKey(parsed)) {
      throw new UnusableFile(keyFile, `is not the key of ${certFile}`)
    }
  }
  if (certFile !== null) tryContext(certFile, cert, key)
  const secret = text === undefined ? undefined : withoutFinalNewline(text)
  if (secretFile !== null && secret?.length === 0) throw new UnusableFile(secretFile, 'is empty')
  const digests = new Map<string, string>()
  for (const [index, content] of [ca, cert, key, text].entries()) {
    const path = paths[index]
    if (typeof path !== 'string' || content === undefined) continue
    digests.set(path, createHash('sha256').update(content).digest('base64'))
  }
  return { ca, cert, key, secret, digests }
}

/** The files of `now` whose contents are others than before, or that nothing was known of. Both are digests by path. */
export function changedFiles(
  before: ReadonlyMap<string, string> | null,
  now: ReadonlyMap<string, string>,
): readonly string[] {
  return [...now].flatMap(([file, digest]) => (before?.get(file) === digest ? [] : [file]))
}

async function read(path: string | null): Promise<Buffer | undefined> {
  if (path === null) return undefined
  try {
    return await readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
    throw new UnusableFile(path, `cannot be read (${code})`)
  }
}

function certificatesOf(path: string, content: Buffer): readonly X509Certificate[] {
  let found: readonly X509Certificate[]
  try {
    found = certificatesIn(content.toString('latin1'))
  } catch {
    throw new UnusableFile(path, 'holds a certificate that is cut off or broken')
  }
  if (found.length === 0) throw new UnusableFile(path, 'holds no certificate in PEM form')
  return found
}

/** OpenSSL says no to more than a pair that does not match, such as a short key; a connect would throw that. */
function tryContext(path: string, cert: Buffer | undefined, key: Buffer | undefined): void {
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const reason = error instanceof Error && 'reason' in error ? String(error.reason) : messageOf(error)
    throw new UnusableFile(path, `${reason} (OpenSSL)`)
  }
}

function keyIn(path: string, content: Buffer): KeyObject {
  try {
    return createPrivateKey(content)
  } catch {
    throw new UnusableFile(path, 'holds no key in PEM form without a password')
  }
}

function withoutFinalNewline(bytes: Buffer): Buffer {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1
  return bytes.subarray(0, end)
}
