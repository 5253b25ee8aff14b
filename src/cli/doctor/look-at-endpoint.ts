import { once } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { readCredentials } from '../../kernel/credential-files.ts'
import { withDeadline } from '../../kernel/deadline.ts'

export interface TlsFiles {
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
  readonly serverName: string | null
}

export interface Endpoint {
  readonly host: string
  readonly port: number
  /** Null: plain text. */
  readonly tls: TlsFiles | null
}

/** The certificate that a server showed, and whether a client of ours would believe it. */
export interface CertificateLook {
  readonly subject: string
  readonly issuer: string
  /** For whom it is, as it says itself. */
  readonly names: string
  /** The name that was asked for. */
  readonly asked: string
  /** The soonest end of validity in the chain that was shown; epoch milliseconds. */
  readonly validTo: number
  readonly validFrom: number
  /** OpenSSL's or Node's code why it is not believed; null when it is. */
  readonly problem: string | null
}

/** How far one got: the step that failed is in `step` of what is thrown. */
export class LookFailed extends Error {
  readonly step: 'connect' | 'tls'
  readonly code: string

  constructor(step: 'connect' | 'tls', cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.step = step
    this.code = codeOf(cause)
  }
}

/**
 * Opens a connection, shakes hands, looks at the certificate and hangs up: nothing is sent, no password either. So it
 * may shake hands with a server that is not believed, which the bridge itself never does. Rejects with LookFailed.
 */
export async function lookAtEndpoint(endpoint: Endpoint, deadlineMs: number): Promise<CertificateLook | null> {
  const { host, port, tls } = endpoint
  const tcp = connectTcp({ host, port, noDelay: true })
  try {
    await reached(tcp, 'connect', 'connect', deadlineMs)
    if (tls === null) return null
    const { ca, cert, key } = await readCredentials({ ...tls, secretFile: null })
    const asked = tls.serverName ?? host
    const secure = connectTls({
      socket: tcp,
      host: asked,
      ca,
      cert,
      key,
      rejectUnauthorized: false,
      ...(isIP(asked) ? {} : { servername: asked }),
    })
    try {
      await reached(secure, 'secureConnect', 'tls', deadlineMs)
      return certificateOf(secure, asked)
    } finally {
      secure.destroy()
    }
  } finally {
    tcp.destroy()
  }
}

async function reached(socket: Socket, event: string, step: 'connect' | 'tls', deadlineMs: number): Promise<void> {
  try {
    await withDeadline(once(socket, event), deadlineMs, step)
  } catch (error) {
    throw new LookFailed(step, error)
  } finally {
    // What the other side does to the socket from now on concerns nobody.
    socket.on('error', () => undefined)
  }
}

function codeOf(cause: unknown): string {
  // A host with several addresses that all fail gives an AggregateError whose parts have the code.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  return first instanceof Error && 'code' in first ? String(first.code) : 'unknown'
}

function certificateOf(socket: TLSSocket, asked: string): CertificateLook {
  const leaf = socket.getPeerCertificate(true)
  let validTo = Date.parse(leaf.valid_to)
  const seen = new Set<string>()
  for (let at: DetailedPeerCertificate | undefined = leaf; at !== undefined; at = at.issuerCertificate) {
    if (seen.has(at.fingerprint256)) break
    seen.add(at.fingerprint256)
    validTo = Math.min(validTo, Date.parse(at.valid_to))
  }
  // Node's types say Error, but it is the code, or the message of an error without one.
  const problem: unknown = socket.authorizationError
  return {
    subject: nameIn(leaf.subject),
    issuer: nameIn(leaf.issuer),
    names: leaf.subjectaltname ?? nameIn(leaf.subject),
    asked,
    validTo,
    validFrom: Date.parse(leaf.valid_from),
    problem: socket.authorized ? null : typeof problem === 'string' ? problem : 'not verified',
  }
}

function nameIn(name: DetailedPeerCertificate['subject'] | undefined): string {
  const text = name?.CN ?? name?.O
  return text === undefined ? 'no name' : [text].flat().join(', ')
}
