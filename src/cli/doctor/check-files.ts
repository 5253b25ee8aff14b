import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { certificatesIn } from '../../kernel/certificates.ts'
import { messageOf } from '../../kernel/failure.ts'
import { day, daysText, type Surroundings, soonDays } from './check-endpoint.ts'
import type { Report } from './finding.ts'
import type { TlsFiles } from './look-at-endpoint.ts'

const dayMs = 86_400_000

/** What files are for, in the words of a finding. */
interface FileUse {
  /** What is lost when they cannot be used. */
  readonly costs: string
  /** What is lost when a certificate has ended. */
  readonly endCosts: string
  /** How a renewed file comes into use. */
  readonly renew: string
}

const toLogIn: FileUse = {
  costs: 'the bridge cannot log in',
  endCosts: 'from then on no connection can be made',
  renew: 'renew it; the next connect uses the new file',
}

/** Says whether the files of one server's settings can be used. True when they can. Contents are never said. */
export async function checkFiles(
  report: Report,
  place: string,
  tls: Omit<TlsFiles, 'serverName'>,
  passwordFile: { readonly option: string; readonly path: string | null },
  { now }: Surroundings,
  { costs, endCosts, renew }: FileUse = toLogIn,
): Promise<boolean> {
  const named = [
    [`${place}.tls.caFile`, tls.caFile],
    [`${place}.tls.certFile`, tls.certFile],
    [`${place}.tls.keyFile`, tls.keyFile],
    [passwordFile.option, passwordFile.path],
  ] as const
  const texts = new Map<string, string>()
  let usable = true
  const fail = (path: string, what: string, fix: string): void => {
    report.fail('files', path, what, costs, fix)
    usable = false
  }
  for (const [option, path] of named) {
    if (path === null) continue
    try {
      texts.set(option, await readFile(path, 'utf8'))
    } catch (error) {
      fail(path, messageOf(error), `correct ${option}, or let the user that runs the bridge read the file`)
    }
  }
  if (texts.get(passwordFile.option)?.trim() === '') {
    fail(passwordFile.path ?? '', 'the password file is empty', `write the password into it (${passwordFile.option})`)
  }
  const certificates = (option: string, path: string | null): readonly X509Certificate[] => {
    const text = texts.get(option)
    if (text === undefined) return []
    try {
      const found = certificatesIn(text)
      if (found.length === 0) fail(path ?? '', 'holds no certificate in PEM form', `correct ${option}`)
      return found
    } catch (error) {
      fail(path ?? '', `is no certificate in PEM form: ${messageOf(error)}`, `correct ${option}`)
      return []
    }
  }
  const authorities = certificates(`${place}.tls.caFile`, tls.caFile)
  const chain = certificates(`${place}.tls.certFile`, tls.certFile)
  const [own] = chain
  const keyText = texts.get(`${place}.tls.keyFile`)
  const key = keyText === undefined ? null : keyIn(keyText)
  if (keyText !== undefined && key === null) {
    fail(tls.keyFile ?? '', 'holds no key in PEM form without a password', `correct ${place}.tls.keyFile`)
  } else if (own !== undefined && key !== null && !own.checkPrivateKey(key)) {
    fail(tls.keyFile ?? '', `is not the key of ${tls.certFile}`, `give the two files of one pair in ${place}.tls`)
  }
  // A bundle may hold authorities that nobody needs any more: the one that lives longest counts. Of a chain all do.
  const longest = byEnd(authorities).at(-1)
  const [soonest] = byEnd(chain)
  const dated = [
    ...(longest === undefined ? [] : [[tls.caFile, longest] as const]),
    ...(soonest === undefined ? [] : [[tls.certFile, soonest] as const]),
  ]
  for (const [path, certificate] of dated) {
    const end = Date.parse(certificate.validTo)
    const left = Math.floor((end - now) / dayMs)
    const who = certificate.subject.replaceAll('\n', ', ')
    if (end < now) fail(path ?? '', `${who} expired ${day(end)}`, renew)
    else if (left < soonDays) {
      report.warn('files', path ?? '', `${who} has ${daysText(left)} left (until ${day(end)})`, endCosts, renew)
    } else report.ok('files', path ?? '', `${who}, ${daysText(left)} left`)
  }
  return usable
}

function byEnd(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return certificates.toSorted((a, b) => Date.parse(a.validTo) - Date.parse(b.validTo))
}

function keyIn(text: string): KeyObject | null {
  try {
    return createPrivateKey(text)
  } catch {
    return null
  }
}
