import { randomBytes } from 'node:crypto'
import type { Settings } from '../../config/settings.ts'
import { askCluster, askTopicSettings, type ClusterFacts } from '../../kafka/cluster-facts.ts'
import { DirectLine } from '../../kafka/direct-line.ts'
import { kafkaFailure } from '../../kafka/errors.ts'
import type { Failure } from '../../kernel/failure.ts'
import { topicsOf } from '../../records/topics.ts'
import { kafkaClientOptions } from '../../roles/kafka-side.ts'
import type { Needs, NeedyName } from '../../roles/needs.ts'
import { checkEndpoint, type Surroundings } from './check-endpoint.ts'
import { checkFiles } from './check-files.ts'
import { checkPermissions } from './check-permissions.ts'
import { checkRecords } from './check-records.ts'
import { checkTopicSettings, checkTopics } from './check-topics.ts'
import type { Report } from './finding.ts'

const nothing = 'nothing is stored, so nothing is acknowledged either; no command is read'

/** Looks at Kafka as far as it lets itself be looked at. Changes nothing. */
export async function checkKafka(
  report: Report,
  settings: Settings,
  roles: readonly NeedyName[],
  needs: Needs,
  surroundings: Surroundings,
): Promise<void> {
  const { kafka } = settings
  const { passwordFile: path, oauth } = kafka.sasl
  const secretFile =
    kafka.sasl.mechanism !== 'oauthbearer'
      ? { option: 'kafka.sasl.passwordFile', path }
      : oauth.tokenFile === null
        ? { option: 'kafka.sasl.oauth.clientSecretFile', path: oauth.clientSecretFile }
        : { option: 'kafka.sasl.oauth.tokenFile', path: oauth.tokenFile }
  if (!(await checkFiles(report, 'kafka', kafka.tls, secretFile, surroundings))) return
  const reachable = await reachableOf(report, settings, kafka.brokers, surroundings)
  const [first] = reachable
  if (first === undefined) return
  const line = await logIn(report, first, settings, surroundings)
  if (line === null) return
  try {
    const topics = needs.channels.map((channel) => topicsOf(settings)[channel])
    const facts = await askCluster(line, topics)
    await checkAdvertised(report, settings, facts, surroundings)
    checkTopics(report, settings, needs.channels, facts)
    const there = topics.filter((topic) => facts.topics.get(topic)?.state === 'there')
    checkTopicSettings(report, settings, needs, facts, await askTopicSettings(line, there))
    const open = (address: string): Promise<DirectLine> => openLine(settings, address, surroundings)
    await checkPermissions(report, settings, needs.kafka, facts, line, open, randomBytes(4).toString('hex'))
    await checkRecords(report, settings, roles, facts, line, open)
  } catch (error) {
    const { message } = kafkaFailure(error)
    report.fail('login', first, `the broker stopped answering: ${message}`, nothing, 'run bridge doctor again')
  } finally {
    line.close()
  }
}

function openLine(settings: Settings, address: string, { deadlineMs }: Surroundings): Promise<DirectLine> {
  const options = kafkaClientOptions(settings)
  return DirectLine.open(
    { ...options, connectTimeoutMs: deadlineMs, requestTimeoutMs: deadlineMs },
    address,
    deadlineMs,
  )
}

async function reachableOf(
  report: Report,
  { kafka }: Settings,
  addresses: readonly string[],
  surroundings: Surroundings,
): Promise<readonly string[]> {
  const tls = kafka.tls.enabled ? kafka.tls : null
  const reached: string[] = []
  await Promise.all(
    addresses.map(async (address) => {
      const [host, port] = partsOf(address)
      if (await checkEndpoint(report, { host, port, tls }, 'kafka', surroundings)) reached.push(address)
    }),
  )
  return addresses.filter((address) => reached.includes(address))
}

function partsOf(address: string): readonly [string, number] {
  const colon = address.lastIndexOf(':')
  return [address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), Number(address.slice(colon + 1))]
}

async function logIn(
  report: Report,
  address: string,
  settings: Settings,
  surroundings: Surroundings,
): Promise<DirectLine | null> {
  const { mechanism, username } = settings.kafka.sasl
  try {
    const line = await openLine(settings, address, surroundings)
    report.ok(
      'login',
      address,
      mechanism === null ? 'without a user name' : `as ${username ?? 'the owner of the token'} with ${mechanism}`,
    )
    return line
  } catch (error) {
    const { what, fix } = notLoggedIn(kafkaFailure(error), settings, surroundings.deadlineMs)
    report.fail('login', address, what, nothing, fix)
    return null
  }
}

function notLoggedIn({ code, message }: Failure, { kafka }: Settings, deadlineMs: number) {
  const { mechanism, username, passwordFile } = kafka.sasl
  switch (code) {
    case 'authentication':
      if (mechanism === 'oauthbearer') {
        return {
          what: `no login with ${mechanism}: ${message}`,
          fix: 'correct kafka.sasl.oauth, or let the broker trust who issues the token (keys, audience, issuer)',
        }
      }
      return {
        what: `the broker refuses user ${username} with ${mechanism}: ${message}`,
        fix: `correct kafka.sasl.username and ${passwordFile === null ? 'kafka.sasl.password' : `the password in ${passwordFile}`}`,
      }
    case 'certificate':
      return {
        what: `the broker does not believe our certificate: ${message}`,
        fix: 'give a client certificate that it believes: kafka.tls.certFile and keyFile',
      }
    case 'timeout':
      return {
        what: `takes the connection, but answers nothing in ${deadlineMs / 1000} s: frozen or overloaded`,
        fix: 'look at the broker; a port that speaks TLS (kafka.tls.enabled) or another protocol does the same',
      }
    default:
      return {
        what: `ends the connection instead of answering: ${message}`,
        fix:
          mechanism === null
            ? 'does this port want TLS (kafka.tls.enabled) or a login (kafka.sasl.mechanism)?'
            : `does this port want TLS (kafka.tls.enabled), and does it know ${mechanism}?`,
      }
  }
}

/** Clients are sent to the addresses that the brokers give themselves (`advertised.listeners`). */
async function checkAdvertised(
  report: Report,
  settings: Settings,
  { brokers }: ClusterFacts,
  surroundings: Surroundings,
): Promise<void> {
  const others = brokers.map(({ address }) => address).filter((address) => !settings.kafka.brokers.includes(address))
  const reached = await reachableOf(report, settings, others, surroundings)
  const names = brokers.map(({ address }) => address).join(' ')
  if (reached.length === others.length) {
    report.ok('brokers', names, `${brokers.length === 1 ? 'one broker' : `${brokers.length} brokers`}, all reached`)
    return
  }
  report.fail(
    'brokers',
    others.filter((address) => !reached.includes(address)).join(' '),
    'brokers call themselves by addresses that cannot be used from here',
    'partitions that they lead cannot be written or read',
    'correct advertised.listeners of these brokers, or make the addresses reachable from here',
  )
}
