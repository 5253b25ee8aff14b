import { randomBytes } from 'node:crypto'
import type { Settings } from '../../config/settings.ts'
import { messageOf } from '../../kernel/failure.ts'
import { policyOf } from '../../mqtt/reason-codes.ts'
import { Refused, Visit } from '../../mqtt/visit.ts'
import { publishConnection } from '../../roles/mqtt-connections.ts'
import type { Needs } from '../../roles/needs.ts'
import { checkEndpoint, type Surroundings } from './check-endpoint.ts'
import { checkFiles } from './check-files.ts'
import { checkLimits } from './check-limits.ts'
import type { Report } from './finding.ts'

/** Looks at the MQTT broker as far as it lets itself be looked at. Nothing is left there. */
export async function checkMqtt(
  report: Report,
  settings: Settings,
  needs: Needs['mqtt'],
  surroundings: Surroundings,
): Promise<void> {
  const { mqtt } = settings
  const passwordFile = { option: 'mqtt.passwordFile', path: mqtt.passwordFile }
  if (!(await checkFiles(report, 'mqtt', mqtt.tls, passwordFile, surroundings))) return
  const url = new URL(mqtt.url)
  const isTls = url.protocol === 'mqtts:'
  const endpoint = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || (isTls ? 8883 : 1883)),
    tls: isTls ? mqtt.tls : null,
  }
  if (!(await checkEndpoint(report, endpoint, 'mqtt', surroundings))) return

  const guest = `doctor-${randomBytes(4).toString('hex')}`
  const connection = { ...publishConnection(settings, guest), cleanStart: true }
  const asked = { ...connection, sessionExpirySeconds: mqtt.sessionExpirySeconds }
  const visit = await logIn(report, asked, settings, surroundings.deadlineMs)
  if (visit === null) return
  const { limits } = visit
  await visit.close()
  checkLimits(report, mqtt.url, limits, settings, needs)
  // One message at a time and no session: a share group of our own gets copies of what devices send meanwhile.
  const poor = { ...connection, receiveMaximum: 1 }
  const trial = new Trial(report, () => Visit.open(poor, surroundings.deadlineMs))
  await trial.subscriptions(needs.subscriptions, guest)
  await trial.publications(needs.publications, guest)
  await trial.close()
}

async function logIn(
  report: Report,
  options: Parameters<typeof Visit.open>[0],
  settings: Settings,
  deadlineMs: number,
) {
  const { url, username } = settings.mqtt
  try {
    const visit = await Visit.open(options, deadlineMs)
    report.ok('login', url, username === null ? 'without a user name' : `as ${username}`)
    return visit
  } catch (error) {
    const { what, fix } = notLoggedIn(error, settings, deadlineMs)
    report.fail('login', url, what, 'nothing is read and nothing is published', fix)
    return null
  }
}

function notLoggedIn(error: unknown, { mqtt }: Settings, deadlineMs: number) {
  const who = mqtt.username === null ? 'a client without a user name' : `user ${mqtt.username}`
  if (error instanceof Refused) {
    const { name } = policyOf(error.reasonCode)
    const code = hex(error.reasonCode)
    const password = mqtt.passwordFile === null ? 'mqtt.password' : `the password in ${mqtt.passwordFile}`
    switch (error.reasonCode) {
      case 0x86:
      case 0x87:
        return {
          what: `the broker refuses ${who} (${code} ${name})`,
          fix: `correct mqtt.username and ${password}, or let the user in at the broker`,
        }
      case 0x84:
        return {
          what: `the broker does not speak MQTT 5 (${code} ${name})`,
          fix: 'turn MQTT 5 on, or use another broker',
        }
      default:
        return { what: `the broker refuses the connection (${code} ${name})`, fix: "look at the broker's log" }
    }
  }
  if (error instanceof Error && 'code' in error && error.code === 'timeout') {
    return {
      what: `takes the connection, but answers CONNECT with nothing in ${deadlineMs / 1000} s: frozen or overloaded`,
      fix: 'look at the broker; a port that speaks TLS or another protocol does the same',
    }
  }
  return {
    what: `ends the connection instead of answering CONNECT: ${messageOf(error)}`,
    fix: 'is this the port for MQTT, and does it want TLS (mqtts) or a client certificate? See the log of the broker',
  }
}

/** Tries what may be subscribed and published; a broker that hangs up on what it refuses is called again. */
class Trial {
  readonly #report: Report
  readonly #open: () => Promise<Visit>
  #visit: Visit | null = null

  constructor(report: Report, open: () => Promise<Visit>) {
    this.#report = report
    this.#open = open
  }

  async subscriptions(filters: readonly string[], guest: string): Promise<void> {
    const granted: string[] = []
    for (const filter of filters) {
      if (filter.startsWith('$queue/')) {
        this.#report.ok('permission', filter, 'not tried: to subscribe would take messages out of the queue')
        continue
      }
      const code = await this.#ask((visit) => visit.subscribe(filter.replace(/^\$share\/[^/]+/, `$share/${guest}`)))
      if (code === 1) granted.push(filter)
      else this.#refusedFilter(filter, code)
    }
    if (granted.length > 0) this.#report.ok('permission', 'subscribe', `granted at QoS 1: ${granted.join(' ')}`)
  }

  async publications(filters: readonly string[], guest: string): Promise<void> {
    const taken: string[] = []
    for (const filter of filters) {
      const code = await this.#ask((visit) => visit.publish(filter.replaceAll('+', guest)))
      if (typeof code === 'number' && code < 0x80) taken.push(filter)
      else {
        this.#report.fail(
          'permission',
          filter,
          `publishing is refused (${codeText(code)})`,
          'what the bridge sends there never reaches a device',
          'allow the user to publish there: bridge acl --format emqx',
        )
      }
    }
    if (taken.length > 0) this.#report.ok('permission', 'publish', `taken: ${taken.join(' ')}`)
  }

  async close(): Promise<void> {
    await this.#visit?.close()
  }

  #refusedFilter(filter: string, code: number | string): void {
    if (code === 0) {
      this.#report.fail(
        'permission',
        filter,
        'the subscription is granted at QoS 0 only',
        'messages are lost whenever the connection is',
        'allow QoS 1 to the user',
      )
      return
    }
    const fix =
      code === 0x9e
        ? 'turn shared subscriptions on (EMQX: mqtt.shared_subscription = true)'
        : 'allow the user to subscribe to it: bridge acl --format emqx'
    const costs = 'none of these messages is read'
    this.#report.fail('permission', filter, `the subscription is refused (${codeText(code)})`, costs, fix)
  }

  /** A reason code, or what went wrong. */
  async #ask(question: (visit: Visit) => Promise<number>): Promise<number | string> {
    try {
      this.#visit ??= await this.#open()
      const code = await question(this.#visit)
      // EMQX with `deny_action = disconnect` hangs up after it.
      if (code >= 0x80) await this.#hangUp()
      return code
    } catch (error) {
      await this.#hangUp()
      return error instanceof Refused ? error.reasonCode : messageOf(error)
    }
  }

  async #hangUp(): Promise<void> {
    const visit = this.#visit
    this.#visit = null
    await visit?.close()
  }
}

function codeText(code: number | string): string {
  return typeof code === 'string' ? code : `${hex(code)} ${policyOf(code).name}`
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0').toUpperCase()}`
}
