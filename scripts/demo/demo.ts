/**
 * `make demo`: real servers, the real bridge, a simulated fleet, and what arrives in Kafka. With DEMO_SECONDS, or without
 * a terminal, it prints a summary at the end; its exit code is not 0 when anything acknowledged is missing.
 */
import type { WriteStream } from 'node:tty'
import { MissingPrerequisite } from '../ground/fetch/prerequisites.ts'
import { openGround } from '../ground/open-ground.ts'
import { withdrawAddresses } from './addresses.ts'
import { DemoBridge } from './bridge.ts'
import { step } from './progress.ts'
import { makeRoster } from './roster.ts'
import { hintsFor } from './second-terminal.ts'
import { type BrokerName, type Stage, setTheStage, startServers } from './stage.ts'
import { summary } from './summary.ts'
import { watch } from './watch.ts'

/** The nearest to EMQX that needs no container. `mosquitto` does as well, but not for commands and things. */
const brokerName: BrokerName = 'hivemq'

const settings = {
  devices: wholeNumber('DEMO_DEVICES', 300),
  pace: {
    punchesPerSecond: wholeNumber('DEMO_RATE', 80),
    poisonEveryMs: 300,
    dropEveryMs: 900,
    goAwayEveryMs: 4000,
  },
  commandsPerSecond: wholeNumber('DEMO_COMMANDS', 5),
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
  const ground = await openGround((line) => console.log(`    ${line}`))
  let bridge: DemoBridge | null = null
  try {
    const stage = await unlessAsked(async () => {
      const servers = await startServers(ground, brokerName)
      const roster = makeRoster(settings.devices)
      bridge = await DemoBridge.prepare(servers, roster)
      return setTheStage(servers, roster, bridge, settings.pace, settings.commandsPerSecond)
    })
    if (stage === null) {
      console.log('\nStopped before it began.')
      return 130
    }
    return await play(stage)
  } finally {
    await withdrawAddresses()
    await (bridge as DemoBridge | null)?.close()
    await ground.close()
  }
}

/** Null as soon as somebody asks to stop; what was begun is then left to the cleaning up. */
async function unlessAsked<T>(work: () => Promise<T>): Promise<T | null> {
  const stopped = new Promise<null>((resolve) => {
    asked.signal.addEventListener('abort', () => resolve(null))
  })
  const working = work()
  working.catch(() => undefined)
  return Promise.race([working, stopped])
}

/** The demo itself, and its polite end: devices first, then the bridge, then the last look into Kafka. */
async function play({ bridge, reader, fleet, operator, thermostats, ledger, tally, brokers }: Stage): Promise<number> {
  const hints = hintsFor(brokers)
  console.log('\nIn a second terminal, in this folder:')
  for (const { shows, line } of hints) console.log(`  ${shows}\n    ${line}`)
  console.log()
  const began = Date.now()
  fleet.start()
  operator.start()
  const ending = await watch({
    brokerName,
    fleet,
    thermostats,
    ledger,
    tally,
    bridge,
    hints,
    terminal,
    seconds,
    stop: asked.signal,
  })
  const runningMs = Date.now() - began
  if (ending === 'bridge ended') throw new Error(`the bridge ended by itself: ${bridge.obituary}`)

  await operator.stop()
  await thermostats.end()
  const settled = await step('devices finish and wait for their acknowledgements', () => fleet.settle(20_000))
  if (!settled) console.log('    some devices got no acknowledgement within 20 s; what they sent does not count')
  await step(
    'what is acknowledged arrives in Kafka, and commands come to an end',
    () => until(() => ledger.missing === 0, 20_000),
    inTime,
  )
  const last = await bridge.look()
  await fleet.end()
  const code = await step(
    'bridge drains and ends',
    () => bridge.stop(),
    (exit) => `exit code ${exit}`,
  )
  await step('the rest is read', () => until(() => reader.isAtEnd(), 20_000), inTime)
  await reader.close()

  console.log(summary(runningMs, fleet, ledger, tally, last?.difference ?? null))
  console.log(`  - things: ${thermostats.summary()}\n`)
  const difference = last?.difference ?? null
  const faults = [
    ...(ledger.missing === 0 ? [] : [`${ledger.missing} acknowledged and not in Kafka`]),
    ...(ledger.secondIds === 0 ? [] : [`${ledger.secondIds} punches have two event ids`]),
    ...(difference === 0 ? [] : [`the bridge's own count does not add up (${difference})`]),
    ...(tally.commands.twoEnds === 0 ? [] : [`${tally.commands.twoEnds} commands have two ends`]),
    ...(code === 0 ? [] : [`the bridge ended with exit code ${code}`]),
    ...(reader.failure === null ? [] : [`the consumer failed: ${reader.failure}`]),
    ...(thermostats.complaint === null ? [] : [`a thermostat could not go on: ${thermostats.complaint}`]),
    ...(operator.failure === null ? [] : [`Kafka did not take a command: ${operator.failure}`]),
    ...(ledger.messages > 0 ? [] : ['nothing was acknowledged at all']),
  ]
  console.log(faults.length === 0 ? 'Everything acknowledged is in Kafka.' : `FAILED: ${faults.join('; ')}.`)
  return faults.length === 0 ? 0 : 1
}

function inTime(all: boolean): string {
  return all ? 'all of it' : 'NOT all of it'
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
