import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, statfs } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import type { Settings } from '../../config/settings.ts'
import { certificatesIn } from '../../kernel/certificates.ts'
import { messageOf } from '../../kernel/failure.ts'
import type { NeedyName } from '../../roles/needs.ts'
import { canListen } from './can-listen.ts'
import { day, type Surroundings } from './check-endpoint.ts'
import { checkFiles } from './check-files.ts'
import type { Report } from './finding.ts'

const notBegun = 'the role http ends at its start'
const everyAddress = ['0.0.0.0', '::']
/** Extended key usage of servers (RFC 5280, 4.2.1.12). */
const serverAuth = '1.3.6.1.5.5.7.3.1'

/** What of the bridge itself these roles have, for a heading; empty when there is nothing to look at. */
export function bridgeAddress({ http, fleet }: Settings, roles: readonly NeedyName[]): string {
  const served = `${http.tls.certFile === null ? 'http' : 'https'}://${withBrackets(http.host)}:${http.port}`
  return [
    ...(roles.includes('fleet') && !fleet.enabled ? ['fleet.enabled: false'] : []),
    ...(roles.includes('http') ? [served] : []),
    ...(roles.includes('fleet') && fleet.store.folder !== null ? [fleet.store.folder] : []),
  ].join(' ')
}

/** Looks at what a worker has itself: its certificate, where it listens, the folder of its state. Leaves nothing. */
export async function checkBridge(
  report: Report,
  settings: Settings,
  roles: readonly NeedyName[],
  surroundings: Surroundings,
): Promise<void> {
  if (!settings.fleet.enabled) {
    const fix = 'set fleet.enabled: true, or leave the roles fleet and http out'
    report.fail('settings', 'fleet.enabled', 'is false', 'the roles fleet and http refuse to start', fix)
  }
  if (roles.includes('http')) await checkHttp(report, settings, surroundings)
  const { folder } = settings.fleet.store
  if (roles.includes('fleet') && folder !== null) await checkStore(report, folder)
}

async function checkHttp(report: Report, { http, observe }: Settings, surroundings: Surroundings): Promise<void> {
  const { host, port, tls } = http
  const address = `${withBrackets(host)}:${port}`
  if (tls.certFile === null) {
    report.ok('files', address, 'plain text: without TLS in front of it, API keys can be read on the way')
  } else {
    const use = {
      costs: notBegun,
      endCosts: 'from then on no client believes it',
      renew: 'renew it; a worker shows a changed file to the next connection',
    }
    const none = { option: '', path: null }
    if (await checkFiles(report, 'http', tls, none, surroundings, use)) {
      checkShown(report, tls.certFile, await readFile(tls.certFile, 'utf8'), host, surroundings.now)
    }
  }
  if (port !== 0 && port === observe.port) {
    const what = `http.port and observe.port are both ${port}`
    report.fail('listen', address, what, 'a worker of the role http ends at its start', 'give one of them another port')
    return
  }
  const problem = await canListen(host, port)
  if (problem === null) report.ok('listen', address, 'an address of this machine')
  else {
    const fix = 'set http.host to 0.0.0.0 (every address) or to one of this machine, and http.port to 1024 or more'
    report.fail('listen', address, `cannot be listened on here: ${problem}`, notBegun, fix)
  }
}

/** Whether clients would believe what a worker shows. The first certificate of the file is its own. */
function checkShown(report: Report, path: string, pem: string, host: string, now: number): void {
  const [own, above] = certificatesIn(pem)
  if (own === undefined) return
  const refuse = 'clients refuse the connection'
  const begins = Date.parse(own.validFrom)
  const names = own.subjectAltName
  if (begins > now) {
    report.fail('certificate', path, `is valid from ${day(begins)} only`, refuse, 'wait, or set the clock here')
  } else if (!isForServers(own)) {
    const fix = 'give one that was issued for servers (serverAuth) in http.tls'
    report.fail('certificate', path, 'is for clients only (extendedKeyUsage)', refuse, fix)
  } else if (names === undefined) {
    const fix = 'issue it with the names that clients use (subjectAltName)'
    report.warn('certificate', path, 'holds no name', 'clients that look at names refuse the connection', fix)
  } else if (!isFor(own, host)) {
    const what = `is not for ${host} (http.host), but for: ${names}`
    const fix = 'let clients use one of these names, or issue it for the one that they use'
    report.warn('certificate', path, what, 'clients that use this address refuse the connection', fix)
  } else if (above !== undefined && !own.checkIssued(above)) {
    const costs = 'clients that do not know the authority in between refuse the connection'
    const fix = 'put the certificate itself first, then the one that signed it, and so on'
    report.warn('certificate', path, 'its second certificate did not sign the first', costs, fix)
  } else report.ok('certificate', path, `for the names ${names}`)
}

function isForServers({ keyUsage }: X509Certificate): boolean {
  // Node's types promise a list; a certificate for any use has none.
  const uses: readonly string[] | undefined = keyUsage
  return uses === undefined || uses.includes(serverAuth)
}

/** An address that stands for all of this machine's says nothing of names. */
function isFor(certificate: X509Certificate, host: string): boolean {
  if (everyAddress.includes(host)) return true
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
}

/** Tries to write into the folder, or where it would be made. */
async function checkStore(report: Report, folder: string): Promise<void> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    try {
      await rm(await mkdtemp(join(at, 'bridge-doctor-')), { recursive: true })
      const { bavail, bsize } = await statfs(at)
      const free = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB free`
      report.ok('store', folder, at === resolve(folder) ? `can be written, ${free}` : `will be made, ${free}`)
      return
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (isMissing && dirname(at) !== at) continue
      const costs = 'the role fleet ends at its start'
      const fix =
        'let the user that runs the bridge write there, or leave fleet.store.folder out: all is held in memory'
      report.fail('store', folder, `cannot be written: ${messageOf(error)}`, costs, fix)
      return
    }
  }
}

function withBrackets(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
