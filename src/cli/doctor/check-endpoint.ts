import { messageOf } from '../../kernel/failure.ts'
import type { Report } from './finding.ts'
import { type CertificateLook, type Endpoint, LookFailed, lookAtEndpoint } from './look-at-endpoint.ts'

/** A certificate with less left is told of. */
export const soonDays = 14
const dayMs = 86_400_000

/** What the doctor is given for all checks. */
export interface Surroundings {
  readonly now: number
  /** How long a server may take for one answer. */
  readonly deadlineMs: number
}

/**
 * Says whether a server can be reached, and whether its certificate is believed. True when it is worth while to log in.
 * `place` is the group of the configuration: `mqtt`, `kafka` or `registry`.
 */
export async function checkEndpoint(
  report: Report,
  endpoint: Endpoint,
  place: string,
  { now, deadlineMs }: Surroundings,
) {
  const address = `${endpoint.host}:${endpoint.port}`
  const costs = 'the bridge cannot connect to it'
  const began = performance.now()
  try {
    const certificate = await lookAtEndpoint(endpoint, deadlineMs)
    report.ok('reach', address, `answers in ${Math.round(performance.now() - began)} ms`)
    return certificate === null || checkCertificate(report, address, certificate, endpoint, place, now)
  } catch (error) {
    if (!(error instanceof LookFailed)) {
      report.fail('reach', address, messageOf(error), costs, `correct ${place}.tls`)
    } else if (error.step === 'connect') {
      const { what, fix } = unreachable(error, endpoint, deadlineMs)
      report.fail('reach', address, what, costs, fix)
    } else {
      const { what, fix } = noHandshake(error, place, deadlineMs)
      report.fail('certificate', address, what, costs, fix)
    }
    return false
  }
}

function unreachable({ code, message }: LookFailed, { host, port }: Endpoint, deadlineMs: number) {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { what: `the name ${host} is not known here`, fix: `correct the address, or DNS: getent hosts ${host}` }
    case 'ECONNREFUSED':
      return {
        what: 'nobody listens there (connection refused)',
        fix: `start the server, or correct the address and port: nc -vz ${host} ${port}`,
      }
    case 'timeout':
      return {
        what: `no answer to the connection in ${deadlineMs / 1000} s`,
        fix: `let the connection through (firewall, NetworkPolicy), or correct the address: nc -vz ${host} ${port}`,
      }
    default:
      return { what: message, fix: `nc -vz ${host} ${port}` }
  }
}

function noHandshake({ code, message }: LookFailed, place: string, deadlineMs: number) {
  if (code === 'timeout') {
    return {
      what: `takes the connection, but no TLS handshake in ${deadlineMs / 1000} s: frozen, overloaded, or not TLS`,
      fix: 'look at the server; a port without TLS does the same',
    }
  }
  if (/ALERT/.test(code)) {
    const alert = code.replace(/^.*ALERT_/, '').toLowerCase()
    return {
      what: `refuses our side of the TLS handshake (${alert.replaceAll('_', ' ')})`,
      fix: `give a client certificate that the server believes: ${place}.tls.certFile and keyFile`,
    }
  }
  return {
    what: `no TLS handshake: ${message.trim()}`,
    fix: 'is this the port for TLS? A server that speaks plain text there answers like this',
  }
}

function checkCertificate(
  report: Report,
  address: string,
  certificate: CertificateLook,
  endpoint: Endpoint,
  place: string,
  now: number,
): boolean {
  const { subject, issuer, names, asked, problem, validFrom, validTo } = certificate
  const costs = 'the bridge refuses to talk to this server'
  const fail = (what: string, fix: string): boolean => {
    report.fail('certificate', address, what, costs, fix)
    return false
  }
  if (validTo < now) {
    return fail(`the certificate of ${subject} expired ${day(validTo)}`, 'renew it on the server, with its chain')
  }
  if (validFrom > now) {
    return fail(`the certificate of ${subject} is valid from ${day(validFrom)} only`, 'wait, or set the clock here')
  }
  if (problem === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return fail(
      `the certificate is not for ${asked}, but for: ${names}`,
      `use one of these names in the address, or as ${place}.tls.serverName`,
    )
  }
  if (problem !== null) {
    const trusted = endpoint.tls?.caFile ?? 'the authorities of the system'
    return fail(
      `the certificate of ${subject} is signed by ${issuer}, which ${trusted} does not know (${problem})`,
      `set ${place}.tls.caFile to a PEM file with the authority that signed it`,
    )
  }
  const days = Math.floor((validTo - now) / dayMs)
  if (days < soonDays) {
    report.warn(
      'certificate',
      address,
      `the certificate of ${subject} has ${daysText(days)} left (until ${day(validTo)})`,
      'from then on the bridge refuses to talk to this server',
      'renew it on the server',
    )
  } else report.ok('certificate', address, `${subject}, ${daysText(days)} left`)
  return true
}

export function daysText(days: number): string {
  return days === 1 ? '1 day' : `${days} days`
}

export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
