import { setTimeout as pause } from 'node:timers/promises'
import { median } from '../bench/measure/quantile.ts'
import { StatusLog } from '../test/kit/command-records.ts'
import type { RowResult } from './results.ts'
import type { Row } from './rows/row.ts'
import { Seeded } from './seeded.ts'
import type { LinkTrace } from './stage/link-trace.ts'
import { connections, receiveMaximum, Scene } from './stage/scene.ts'
import type { Servers } from './stage/servers.ts'
import type { Fault } from './verdict/fault.ts'
import { type CommandVerdict, isEnd, judgeCommands } from './verdict/judge-commands.ts'
import { judgePunches, type PunchVerdict } from './verdict/judge-punches.ts'
import { type StoredPunch, storedPunches } from './verdict/stored.ts'
import { commandStoryOf, storyOf } from './verdict/story.ts'

/** How long the bridge may take to recover from one fault, and for everything at the end. */
const patienceMs = 180_000
const storiesTold = 5

/** What a run is asked beyond its row. */
export interface RunOptions {
  readonly seed: number
  readonly say: (text: string) => void
  /** Whether there is to be one more fault; as many as the row says by default. */
  readonly more?: (done: number) => boolean
  /** Called when the flows begin; what it gives is called when they end, and returns what does not hold. */
  readonly watch?: (scene: Scene) => () => string[]
}

/** Hurts as often as the row says, lets everything come to rest, and judges. Throws only when it cannot judge. */
export async function runRow(servers: Servers, row: Row, options: RunOptions): Promise<RowResult> {
  const { seed, say, more = (done) => done < row.faults } = options
  const began = performance.now()
  const random = new Seeded(seed, row.name)
  const scene = await Scene.open(servers, row)
  const faults: Fault[] = []
  const failures: string[] = []
  try {
    const flowedFrom = Date.now()
    scene.start()
    const watched = options.watch?.(scene)
    try {
      await scene.trace.until('the first punches', () => scene.trace.acknowledged.size > 50, patienceMs)
      for (let nth = 0; more(nth); nth += 1) {
        await pause(random.whole(50, 600))
        const fault = await hurtOnce(scene, row, random, nth)
        faults.push(fault)
        const seconds = (ms: number): string => (ms / 1000).toFixed(1)
        say(
          `${row.name} ${nth + 1}: ${seconds(fault.gone - fault.from)} s, recovered after ${seconds(Date.now() - fault.gone)} s`,
        )
      }
      await row.after?.(scene)
    } catch (error) {
      failures.push(`after ${faults.length} faults: ${String(error)}`)
    }
    failures.push(...(watched?.() ?? []))
    const flowedTo = Date.now()
    failures.push(...(await comeToRest(scene)))
    const stored = await storedPunches(servers.kafka.brokers, scene.names, patienceMs)
    const punches = judgePunches(scene.punches.sent, stored, faults, scene.trace, row.brokerDies ?? false, [
      flowedFrom,
      flowedTo,
    ])
    const commands = await commandVerdict(scene, row, faults, failures)
    const limit = limitOf(row, faults.length, scene.trace)
    failures.push(...punchFailures(scene, punches, stored, faults, limit))
    if (faults.length === 0 || more(faults.length) || punches.sent === 0 || commands.sent === 0)
      failures.push('it examined too little')
    const seconds = Math.round((performance.now() - began) / 1000)
    for (const failure of failures) say(`${row.name}: ${failure}`)
    return { ...resultOf(row, faults.length, limit, punches, commands), seed, seconds, failures }
  } finally {
    await scene.close()
  }
}

/**
 * One window of every connection that takes punches, for each fault. What the broker had sent beyond the Receive Maximum
 * when a connection ended, as Mosquitto does, it must repeat as well.
 */
function limitOf(row: Row, faults: number, { leftOver }: LinkTrace): number {
  const overrun = leftOver.reduce((sum, messages) => sum + Math.max(0, messages - receiveMaximum), 0)
  return faults * receiveMaximum * connections * (row.slots?.length ?? 1) + overrun
}

async function hurtOnce(scene: Scene, row: Row, random: Seeded, nth: number): Promise<Fault> {
  const from = Date.now()
  await row.hurt(scene, random, nth)
  const gone = Date.now()
  const waiting = [...scene.trace.waiting.keys()]
  if (row.brokerDies === true) {
    // What it kept stands before what comes now; what it forgot never comes.
    await pause(1000)
    await scene.trace.settledUntil(Date.now(), patienceMs, gone)
    scene.trace.giveUp(gone)
  } else {
    await scene.trace.settledUntil(gone, patienceMs)
  }
  await scene.crew.ready(patienceMs)
  return { from, gone, waiting }
}

/** Stops the flows and waits until nothing is under way any more. Returns what did not come to rest. */
async function comeToRest(scene: Scene): Promise<string[]> {
  const failures: string[] = []
  const step = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => failures.push(String(error)))
  }
  await step(scene.commands.stop())
  await step(scene.punches.stop(patienceMs))
  await step(scene.trace.settledUntil(Date.now(), patienceMs))
  const rest = () => scene.trace.unacknowledged === 0
  await step(scene.trace.until('nothing is left unacknowledged on any connection', rest, patienceMs))
  for (const { worker } of scene.crew.present) {
    await step(worker.untilMetric('bridge_pending', (pending) => pending === 0, patienceMs))
    await step(worker.untilMetric('bridge_conservation_difference', (difference) => difference === 0))
  }
  for (const { slot, worker } of scene.crew.everyone) {
    for (const line of worker.lines('unexpected_error')) failures.push(`worker ${slot}: ${JSON.stringify(line)}`)
  }
  return failures
}

async function commandVerdict(
  scene: Scene,
  row: Row,
  faults: readonly Fault[],
  failures: string[],
): Promise<CommandVerdict> {
  const { produced } = scene.commands
  const log = await StatusLog.open(scene.servers.kafka.brokers, scene.names.commandStatus)
  try {
    const ended = (): number => new Set(log.all.filter(isEnd).map(({ commandId }) => commandId)).size
    await log
      .holds('an end of every command', () => ended() >= produced.length, patienceMs)
      .catch((error: unknown) => {
        failures.push(String(error))
      })
    const { devices } = scene
    const publishedIds = new Set(
      log.all.filter(({ status }) => status === 'PUBLISHED').map(({ commandId }) => commandId),
    )
    const seen = (): boolean => new Set(devices.taken.map(({ id }) => id)).size >= publishedIds.size
    // What is missing then is told by the verdict.
    await devices.until('the devices have their commands', seen, row.brokerDies ? 5000 : 30_000).catch(() => undefined)
    const verdict = judgeCommands(produced, log.all, devices.taken, row.brokerDies ?? false)
    for (const [what, ids] of [
      ['lost', verdict.lost],
      ['wrong', verdict.wrong],
    ] as const) {
      if (ids.length > 0) failures.push(`${ids.length} commands ${what}`)
      for (const id of ids.slice(0, storiesTold)) failures.push(commandStoryOf(id, log.all, devices.taken, faults))
    }
    return verdict
  } finally {
    await log.close()
  }
}

function punchFailures(
  scene: Scene,
  verdict: PunchVerdict,
  stored: readonly StoredPunch[],
  faults: readonly Fault[],
  limit: number,
): string[] {
  const { lost, wrong, repeated } = verdict
  const tell = (id: string): string => storyOf(id, scene.punches.sent, stored, scene.trace, scene.crew, faults)
  return [
    ...(lost.length > 0 ? [`${lost.length} punches lost`, ...lost.slice(0, storiesTold).map(tell)] : []),
    ...(wrong.length > 0 ? [`${wrong.length} punches wrong`, ...wrong.slice(0, storiesTold).map(tell)] : []),
    ...(repeated.length > limit
      ? [`${repeated.length} punches repeated, more than ${limit}`, ...repeated.slice(0, storiesTold).map(tell)]
      : []),
  ]
}

function resultOf(
  row: Row,
  faults: number,
  repeatLimit: number,
  punches: PunchVerdict,
  commands: CommandVerdict,
): Omit<RowResult, 'seed' | 'seconds' | 'failures'> {
  const inSeconds = (ms: number): number => Math.round(ms / 100) / 10
  return {
    name: row.name,
    title: row.title,
    faults,
    punches: {
      sent: punches.sent,
      lost: punches.lost.length,
      lostByBroker: punches.lostByBroker.length,
      repeated: punches.repeated.length,
      repeatLimit,
      reordered: punches.reordered,
      longestStallSeconds: inSeconds(punches.longestStallMs),
      recoverySeconds: {
        median: inSeconds(punches.recoveryMs.length === 0 ? 0 : median(punches.recoveryMs)),
        worst: inSeconds(Math.max(0, ...punches.recoveryMs)),
      },
    },
    commands: {
      sent: commands.sent,
      lost: commands.lost.length,
      lostByBroker: commands.lostByBroker.length,
      repeated: commands.repeated,
      reordered: commands.reordered,
    },
  }
}
