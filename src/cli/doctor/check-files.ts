import { createPrivateKey, type X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { certificatesIn } from '../../kernel/certificates.ts'
import { messageOf } from '../../kernel/failure.ts'
import { day, daysText, type Surroundings, soonDays } from './check-endpoint.ts'
import type { Report } from './finding.ts'
import type { TlsFiles } from './look-at-endpoint.ts'

const dayMs = 86_400_000

/** Says whether the files of one server's settings can be used. True when they can. Contents are never said. */
export async function checkFiles(
  report: Report,
  place: string,
  tls: TlsFiles,
  passwordFile: { readonly option: string; readonly path: string | null },
  { now }: Surroundings,
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
    report.fail('files', path, what, 'the bridge cannot log in', fix)
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
    try {
      return certificatesIn(texts.get(option) ?? '')
    } catch (error) {
      fail(path ?? '', `is no certificate in PEM form: ${messageOf(error)}`, `correct ${option}`)
      return []
    }
  }
  const authorities = certificates(`${place}.tls.caFile`, tls.caFile)
  if (texts.has(`${place}.tls.caFile`) && usable && authorities.length === 0) {
    fail(tls.caFile ?? '', 'holds no certificate in PEM form', `correct ${place}.tls.caFile`)
  }
  const own = certificates(`${place}.tls.certFile`, tls.certFile)[0]
  const key = texts.get(`${place}.tls.keyFile`)
  if (own !== undefined && key !== undefined && !belongs(own, key)) {
    fail(tls.keyFile ?? '', `is not the key of ${tls.certFile}`, `give the two files of one pair in ${place}.tls`)
  }
  // A bundle may hold authorities that nobody needs any more: the one that lives longest counts.
  const longest = authorities.toSorted((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo))[0]
  const dated = [
    ...(longest === undefined ? [] : [[tls.caFile, longest] as const]),
    ...(own === undefined ? [] : [[tls.certFile, own] as const]),
  ]
  for (const [path, certificate] of dated) {
    const end = Date.parse(certificate.validTo)
    const left = Math.floor((end - now) / dayMs)
    const who = certificate.subject.replaceAll('\n', ', ')
    if (end < now) fail(path ?? '', `${who} expired ${day(end)}`, 'renew it; the next connect uses the new file')
    else if (left < soonDays) {
      report.warn(
        'files',
        path ?? '',
        `${who} has ${daysText(left)} left (until ${day(end)})`,
        'from then on no connection can be made',
        'renew it; the next connect uses the new file',
      )
    } else report.ok('files', path ?? '', `${who}, ${daysText(left)} left`)
  }
  return usable
}

function belongs(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
