import type { Settings } from '../../config/settings.ts'
import { subjectOf } from '../../kafka/encodings.ts'
import type { Subject } from '../../kafka/registry.ts'
import { askRegistry, type RegistryAnswer } from '../../kafka/registry-door.ts'
import { messageOf } from '../../kernel/failure.ts'
import type { ChannelName } from '../../records/catalogue.ts'
import { topicsOf } from '../../records/topics.ts'
import { checkEndpoint, type Surroundings } from './check-endpoint.ts'
import { checkFiles } from './check-files.ts'
import type { Report } from './finding.ts'
import { Grouped } from './grouped.ts'

/** A clock that differs by more is told of: punches ahead of ours are flagged (attendance.clock). */
const clockMs = 5000
const waits = 'a worker that starts now waits for the registry; those that run go on'

/** Looks at the schema registry. Registers nothing. */
export async function checkRegistry(
  report: Report,
  settings: Settings,
  channels: readonly ChannelName[],
  surroundings: Surroundings,
): Promise<void> {
  const { registry } = settings
  const passwordFile = { option: 'registry.passwordFile', path: registry.passwordFile }
  if (!(await checkFiles(report, 'registry', registry.tls, passwordFile, surroundings))) return
  const url = new URL(registry.url)
  const isTls = url.protocol === 'https:'
  const endpoint = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || (isTls ? 443 : 80)),
    tls: isTls ? registry.tls : null,
  }
  if (!(await checkEndpoint(report, endpoint, 'registry', surroundings))) return
  const ask = (path: string, schema: string | null): Promise<RegistryAnswer> =>
    askRegistry(registry, path, schema, surroundings.deadlineMs)
  try {
    const began = Date.now()
    const answer = await ask('/subjects', null)
    checkClock(report, registry.url, answer.date, (began + Date.now()) / 2)
    if (!isLoggedIn(report, settings, answer)) return
    await checkSchemas(report, settings, channels, ask)
  } catch (error) {
    const isFrozen = error instanceof Error && 'code' in error && error.code === 'timeout'
    const what = isFrozen
      ? `takes the connection, but answers nothing in ${surroundings.deadlineMs / 1000} s: frozen or overloaded`
      : `does not answer: ${messageOf(error)}`
    report.fail('login', registry.url, what, waits, 'look at the registry, and whether the address is that of one')
  }
}

function isLoggedIn(report: Report, { registry }: Settings, { status, body }: RegistryAnswer): boolean {
  const { url, username } = registry
  if (status === 401 || status === 403) {
    const who = username === null ? 'a client without a user name' : `user ${username}`
    const password = registry.passwordFile === null ? 'registry.password' : `the password in ${registry.passwordFile}`
    report.fail(
      'login',
      url,
      `the registry refuses ${who} (${status})`,
      waits,
      `correct registry.username and ${password}`,
    )
    return false
  }
  if (status !== 200 || !Array.isArray(body)) {
    const what = `answers ${status} to GET /subjects: no Confluent API under this address`
    report.fail('login', url, what, waits, 'correct registry.url; Apicurio has it under /apis/ccompat/v7')
    return false
  }
  report.ok('login', url, username === null ? 'without a user name' : `as ${username}`)
  return true
}

function checkClock(report: Report, on: string, theirs: number | null, ours: number): void {
  if (theirs === null) {
    report.ok('clock', on, 'the registry does not say what time it is, so the clock here is not compared')
    return
  }
  // It counts whole seconds.
  const ahead = ours - (theirs + 500)
  const seconds = Math.round(Math.abs(ahead) / 1000)
  if (Math.abs(ahead) <= clockMs) report.ok('clock', on, `agrees with the clock here to ${Math.max(1, seconds)} s`)
  else {
    report.warn(
      'clock',
      on,
      `the clock here is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} that of the registry`,
      'punches get wrong flags (CLOCK_AHEAD, LATE) or are refused, and commands expire too early or too late',
      'find out which of the two is wrong, and let NTP keep it: timedatectl',
    )
  }
}

async function checkSchemas(
  report: Report,
  settings: Settings,
  channels: readonly ChannelName[],
  ask: (path: string, schema: string | null) => Promise<RegistryAnswer>,
): Promise<void> {
  const found = new Grouped('schemas')
  const subjects = channels.flatMap((channel) => subjectOf(channel, topicsOf(settings)[channel]) ?? [])
  // One after the other: the registry is asked politely, and there are a few dozen at most.
  for (const subject of subjects) await checkSubject(found, settings, subject, ask)
  found.say(report, `${subjects.length} subjects`, 'all schemas are registered, and guarded as they should be')
}

async function checkSubject(
  found: Grouped,
  settings: Settings,
  { subject, schema, compatibility }: Subject,
  ask: (path: string, schema: string | null) => Promise<RegistryAnswer>,
): Promise<void> {
  const name = encodeURIComponent(subject)
  const known = await ask(`/subjects/${name}`, schema)
  if (known.status !== 200) {
    const verdict = await ask(`/compatibility/subjects/${name}/versions/latest?verbose=true`, schema)
    if (verdict.status === 200 && memberOf(verdict.body, 'is_compatible') === false) {
      found.add('fail', subject, {
        what: `the registry would refuse our schema: ${refusalIn(verdict.body)}`,
        costs: 'no worker that writes this topic starts',
        fix: 'somebody else registered another schema here: use another topic name, or delete that version',
      })
    } else if (settings.registry.register === 'check') {
      found.add('fail', subject, {
        what: 'our schema is not registered',
        costs: 'no worker that writes this topic starts',
        fix: 'bridge schemas register, or registry.register: register',
      })
    } else {
      found.add('warn', subject, {
        what: 'our schema is not registered yet',
        costs: 'nothing: the first worker registers it (registry.register)',
        fix: 'bridge schemas register, to do it now',
      })
    }
    return
  }
  const config = await ask(`/config/${name}`, null)
  const level = memberOf(config.body, 'compatibilityLevel')
  if (config.status === 200 && level === compatibility) return
  found.add('warn', subject, {
    what: `its compatibility is ${config.status === 200 ? String(level) : 'not set'}, ${compatibility} planned`,
    costs: 'somebody can register a schema that readers of old records cannot read',
    fix: 'bridge schemas register sets it',
  })
}

function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? Object.entries(body).find(([key]) => key === name)?.[1] : undefined
}

function refusalIn(body: unknown): string {
  const messages = memberOf(body, 'messages')
  const text = Array.isArray(messages) && messages.length > 0 ? messages.map(String).join('; ') : 'it is not compatible'
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}
