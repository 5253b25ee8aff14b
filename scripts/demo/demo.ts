/**
 * `make demo`: real servers, the real bridge, a simulated fleet, and what arrives in Kafka. With DEMO_SECONDS, or without
 * a terminal, it prints a summary at the end; its exit code is not 0 when anything acknowledged is missing.
 */
import type { WriteStream } from 'node:tty'
import { MissingPrerequisite } from '../ground/fetch/prerequisites.ts'
import { type Ground, openGround } from '../ground/open-ground.ts'
import { publishAddresses, withdrawAddresses } from './addresses.ts'
import { DemoBridge } from './bridge.ts'
import { writeDeviceRecords } from './device-records.ts'
import { Fleet } from './fleet.ts'
import { KafkaReader } from './kafka-reader.ts'
import { Ledger } from './ledger.ts'
import { fetchParts } from './prepare.ts'
import { step } from './progress.ts'
import { makeRoster } from './roster.ts'
import { summary } from './summary.ts'
import { Tally } from './tally.ts'
import { watch } from './watch.ts'

/** The broker of the demo: `mosquitto` or `hivemq`. */
const brokerName = 'hivemq'

const settings = {
  devices: wholeNumber('DEMO_DEVICES', 300),
  punchesPerSecond: wholeNumber('DEMO_RATE', 80),
  seconds: process.env['DEMO_SECONDS'] === undefined ? null : wholeNumber('DEMO_SECONDS', 30),
}
const terminal = process.stdout.isTTY && settings.seconds === null ? (process.stdout as WriteStream) : null
const seconds = settings.seconds ?? (terminal === null ? 30 : Number.POSITIVE_INFINITY)

const asked = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one: at once. The servers and the bridge die with this process.
    if (asked.signal.aborted) process.exit(130)
    asked.abort()
  })
}

try {
  process.exitCode = await run()
} catch (error) {
  const isKnown = error instanceof MissingPrerequisite
  console.error(`\n${isKnown ? error.message : error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
// kafkajs keeps timers of clients that are closed.
process.exit()

async function run(): Promise<number> {
  console.log('Real servers on free ports, data in a throw-away folder. Ctrl-C stops everything.')
  await fetchParts(['kafka', 'registry', brokerName])
  const ground = await openGround((line) => console.log(`    ${line}`))
  let bridge: DemoBridge | null = null
  try {
    const [kafka, registry, broker] = await step(`Kafka, schema registry and MQTT broker (${brokerName})`, () =>
      Promise.all([ground.kafka(), ground.registry(), ground[brokerName]()]),
    )
    const servers = { mqttUrl: broker.url, brokers: kafka.brokers, registryUrl: registry.url }
    const roster = makeRoster(settings.devices)
    bridge = await DemoBridge.prepare(servers, roster)
    return await runOn(ground, servers, roster, bridge)
  } finally {
    await withdrawAddresses()
    await bridge?.close()
    await ground.close()
  }
}

async function runOn(
  _ground: Ground,
  servers: { readonly mqttUrl: string; readonly brokers: readonly string[]; readonly registryUrl: string },
  roster: ReturnType<typeof makeRoster>,
  bridge: DemoBridge,
): Promise<number> {
  const { mqttUrl, brokers, registryUrl } = servers
  await step('bridge topics apply', () => bridge.command('topics', 'apply'), sayOf)
  await step('bridge schemas register', () => bridge.command('schemas', 'register'), sayOf)
  await step(
    'device records',
    () => writeDeviceRecords(brokers, registryUrl, roster),
    (told) => `zones of ${told} devices`,
  )
  await step(
    'bridge run',
    () => bridge.start(),
    () => `ready, ${bridge.healthUrl}/metrics`,
  )
  await publishAddresses({ ...servers, healthUrl: bridge.healthUrl, pid: process.pid })

  const ledger = new Ledger()
  const tally = new Tally(ledger)
  const reader = new KafkaReader(brokers, registryUrl, (arrival) => tally.take(arrival))
  await step('a consumer of the topics', () => reader.open())
  const pace = {
    punchesPerSecond: settings.punchesPerSecond,
    poisonEveryMs: 300,
    dropEveryMs: 900,
    goAwayEveryMs: 4000,
  }
  const fleet = new Fleet(roster, mqttUrl, ledger, pace)
  await step(
    'devices connect',
    () => fleet.connect(),
    () => `${fleet.connected} connected`,
  )

  const began = Date.now()
  fleet.start()
  const ending = await watch({ brokerName, fleet, ledger, tally, bridge, terminal, seconds, stop: asked.signal })
  const runningMs = Date.now() - began
  if (ending === 'bridge ended') throw new Error(`the bridge ended by itself: ${bridge.obituary}`)

  const settled = await step('devices finish and wait for their acknowledgements', () => fleet.settle(20_000))
  if (!settled) console.log('    some devices got no acknowledgement within 20 s; what they sent does not count')
  await step('what is acknowledged arrives', () => until(() => ledger.missing === 0, 20_000))
  const last = await bridge.look()
  await fleet.end()
  const code = await step(
    'bridge drains and ends',
    () => bridge.stop(),
    (exit) => `exit code ${exit}`,
  )
  await step('the rest is read', () => until(() => reader.isAtEnd(), 20_000))
  await reader.close()

  console.log(summary(runningMs, fleet, ledger, tally, last?.difference ?? null))
  return verdict(ledger, code, last?.difference ?? null)
}

/** The last line of a command, and what it was not content with. */
function sayOf(lines: readonly string[]): string {
  const refused = lines.flatMap((line) => /^(?:incompatible|drift)\s+(\S+)/.exec(line)?.[1] ?? [])
  return [lines.at(-1)?.trim() ?? '', ...refused].join(' ')
}

function verdict(ledger: Ledger, bridgeExit: number | null, difference: number | null): number {
  const faults = [
    ...(ledger.missing === 0 ? [] : [`${ledger.missing} acknowledged and not in Kafka`]),
    ...(ledger.secondIds === 0 ? [] : [`${ledger.secondIds} punches have two event ids`]),
    ...(difference === 0 ? [] : [`the bridge's own count does not add up (${difference})`]),
    ...(bridgeExit === 0 ? [] : [`the bridge ended with exit code ${bridgeExit}`]),
    ...(ledger.messages > 0 ? [] : ['nothing was acknowledged at all']),
  ]
  console.log(faults.length === 0 ? 'Everything acknowledged is in Kafka.' : `FAILED: ${faults.join('; ')}.`)
  return faults.length === 0 ? 0 : 1
}

async function until(holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    if (await holds()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return holds()
}

function wholeNumber(name: string, otherwise: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return otherwise
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text)
  console.error(`${name} is ${JSON.stringify(text)}; it must be a whole number from 1, such as ${name}=${otherwise}`)
  process.exit(2)
}
