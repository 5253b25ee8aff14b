import { setTimeout as pause } from 'node:timers/promises'
import { median } from '../../bench/measure/quantile.ts'
import type { ThingRowResult } from '../results.ts'
import { Seeded } from '../seeded.ts'
import { judgeThings, type ThingVerdict } from './judge-things.ts'
import type { ThingRow } from './thing-row.ts'
import { ThingScene } from './thing-scene.ts'
import type { ThingServers } from './thing-servers.ts'

/** How long the bridge may take to recover from one fault, and for everything at the end. */
const patienceMs = 120_000
const told = 5

/** Hurts as often as the row says, lets everything come to rest, and judges. Throws only when it cannot judge. */
export async function runThingRow(
  servers: ThingServers,
  row: ThingRow,
  { seed, say }: { readonly seed: number; readonly say: (text: string) => void },
): Promise<ThingRowResult> {
  const began = performance.now()
  const random = new Seeded(seed, row.name)
  const scene = await ThingScene.open(servers, row)
  const failures: string[] = []
  const recoveries: number[] = []
  let inTheAct = 0
  try {
    scene.flow.start()
    try {
      await scene.flow.everyoneAnswered(patienceMs)
      for (let nth = 0; nth < row.faults; nth += 1) {
        await pause(random.whole(50, 600))
        const met = await row.hurt(scene, random, nth)
        if (met) inTheAct += 1
        recoveries.push(await recovered(scene))
        say(`${row.name} ${nth + 1}: ${met ? 'in the act' : 'at any time'}, recovered after ${recoveries.at(-1)} ms`)
      }
    } catch (error) {
      failures.push(`after ${recoveries.length} faults: ${String(error)}`)
    }
    failures.push(...(await comeToRest(scene)))
    const verdict = judgeThings(scene.flow, scene.flow.log.all)
    failures.push(...failuresOf(row, verdict), ...scene.flow.complaints)
    if (row.aimed ? inTheAct < row.faults : inTheAct === 0)
      failures.push(`only ${inTheAct} faults met what they aim at`)
    if (row.repeats === true && verdict.publications.repeated === 0) failures.push('nothing was published again')
    for (const failure of failures) say(`${row.name}: ${failure}`)
    const seconds = Math.round((performance.now() - began) / 1000)
    return { ...resultOf(row, recoveries, verdict), inTheAct, seed, seconds, failures }
  } finally {
    await scene.close()
  }
}

/** From the cause being gone to the last answer to what had waited then; milliseconds. */
async function recovered({ flow, crew }: ThingScene): Promise<number> {
  const gone = Date.now()
  const { waiting } = flow
  const answered = (): boolean => waiting.every(({ answeredAt }) => answeredAt !== null)
  await flow.until('what had waited is answered', answered, patienceMs)
  await crew.ready(patienceMs)
  return Math.max(0, ...waiting.map(({ answeredAt }) => (answeredAt ?? gone) - gone))
}

/** Stops the flow and waits until nothing is under way any more. Returns what did not come to rest. */
async function comeToRest({ flow, crew }: ThingScene): Promise<string[]> {
  const failures: string[] = []
  const step = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => failures.push(String(error)))
  }
  await step(flow.stop(patienceMs))
  for (const { worker } of crew.present) {
    await step(worker.untilMetric('bridge_pending', (pending) => pending === 0, patienceMs))
    await step(worker.untilMetric('bridge_conservation_difference', (difference) => difference === 0))
  }
  const open = (): readonly string[] => {
    const { reports, events, requests, executions, publications } = judgeThings(flow, flow.log.all)
    return [reports, events, requests, executions, publications].flatMap(({ lost }) => lost)
  }
  // Answers on Kafka and at the things may still be on their way; what is missing in the end is told by the verdict.
  for (const deadline = performance.now() + patienceMs; open().length > 0 && performance.now() < deadline; ) {
    await pause(500)
  }
  // What a worker would do twice has time to come.
  await pause(1000)
  for (const { slot, worker } of crew.everyone) {
    for (const line of worker.lines('unexpected_error')) failures.push(`worker ${slot}: ${JSON.stringify(line)}`)
  }
  return failures
}

function failuresOf({ name }: ThingRow, { wrong, ...fates }: ThingVerdict): string[] {
  const lost = Object.entries(fates).flatMap(([what, fate]) =>
    fate.lost.length === 0 ? [] : [`${fate.lost.length} ${what} lost`, ...fate.lost.slice(0, told)],
  )
  const empty = Object.entries(fates).flatMap(([what, { sent }]) => (sent === 0 ? [`${name} examined no ${what}`] : []))
  return [
    ...lost,
    ...wrong.slice(0, told),
    ...(wrong.length > told ? [`${wrong.length} things wrong in all`] : []),
    ...empty,
  ]
}

function resultOf(
  { name, title, faults }: ThingRow,
  recoveries: readonly number[],
  { reports, events, requests, executions, publications, wrong }: ThingVerdict,
): Omit<ThingRowResult, 'seed' | 'seconds' | 'failures' | 'inTheAct'> {
  const inSeconds = (ms: number): number => Math.round(ms / 100) / 10
  const counted = ({ sent, lost }: { readonly sent: number; readonly lost: readonly string[] }) => ({
    sent,
    lost: lost.length,
  })
  return {
    name,
    title,
    faults,
    reports: counted(reports),
    events: counted(events),
    requests: counted(requests),
    executions: counted(executions),
    publications: { ...counted(publications), repeated: publications.repeated },
    wrong: wrong.length,
    recoverySeconds: {
      median: inSeconds(recoveries.length === 0 ? 0 : median([...recoveries])),
      worst: inSeconds(Math.max(0, ...recoveries)),
    },
  }
}
