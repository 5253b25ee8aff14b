import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { kafkaPart, registryPart } from '../scripts/ground/fetch/jar-parts.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import type { FaultResults, RowResult } from './results.ts'
import { allRows } from './rows/all-rows.ts'
import { commandsPerSecond, type Row, usualRate } from './rows/row.ts'
import { runRow } from './run-row.ts'
import { connections, receiveMaximum } from './stage/scene.ts'
import { OpenServers } from './stage/servers.ts'
import { faultTable } from './table.ts'

/**
 * `make faults`: what each fault loses and repeats. ROWS=kill,link-cut picks rows, MOST=2 does each fault twice at most;
 * FAULTS_SEED replays. Ends with exit code 1 when a row does not hold. The results of a whole run are written down,
 * those of a part are printed only.
 */
const seed = Number(process.env['FAULTS_SEED'] ?? Date.now() % 1_000_000)
const picked = (process.env['ROWS'] ?? '').split(',').filter((name) => name !== '')
const unknown = picked.filter((name) => !allRows.some((row) => row.name === name))
if (unknown.length > 0 || !Number.isInteger(seed)) {
  console.error(
    unknown.length > 0
      ? `ROWS: no row ${unknown.join(', ')}; there are ${allRows.map(({ name }) => name).join(', ')}`
      : `FAULTS_SEED: ${process.env['FAULTS_SEED']} is no whole number`,
  )
  process.exit(2)
}
const most = Number(process.env['MOST'] ?? Number.POSITIVE_INFINITY)
const rows = allRows
  .filter(({ name }) => picked.length === 0 || picked.includes(name))
  .map((row) => ({ ...row, faults: Math.min(row.faults, most) }))
const isWhole = picked.length === 0 && most === Number.POSITIVE_INFINITY
const began = performance.now()
const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`)

say(
  `seed ${seed} (FAULTS_SEED=${seed} replays), ${rows.length} rows, ${rows.reduce((n, { faults }) => n + faults, 0)} faults`,
)
installCodecs()
const lanes = await Promise.all(
  (['busy', 'waiting', 'cluster'] as const).map((lane) =>
    runLane(
      rows.filter((row) => row.lane === lane),
      lane,
    ),
  ),
)
const results = lanes.flat().sort((a, b) => place(a) - place(b))
const whole: FaultResults = {
  measuredOn: new Date().toISOString().slice(0, 10),
  seed,
  minutes: Math.round((performance.now() - began) / 6000) / 10,
  versions: {
    bridge: (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version,
    node: process.version,
    kafka: kafkaPart.version,
    'schema registry': `Apicurio ${registryPart.version}`,
    'MQTT broker': 'Mosquitto 2.0.11',
  },
  setting: { cores: cpus().length, punchesPerSecond: usualRate, commandsPerSecond, receiveMaximum, connections },
  rows: results,
}
if (isWhole && results.length === rows.length) {
  mkdirSync(new URL('results/', import.meta.url), { recursive: true })
  writeFileSync(new URL('results/faults.json', import.meta.url), `${JSON.stringify(whole, null, 2)}\n`)
}
console.log(faultTable(whole))
const held = new Set(results.filter(({ failures }) => failures.length === 0).map(({ name }) => name))
const failed = rows.filter(({ name }) => !held.has(name))
say(
  failed.length === 0
    ? `every row holds, in ${whole.minutes} minutes`
    : `does not hold: ${failed.map(({ name }) => name).join(', ')}; FAULTS_SEED=${seed} ROWS=${failed.map(({ name }) => name).join(',')} make faults`,
)
process.exitCode = failed.length === 0 ? 0 : 1

function place({ name }: RowResult): number {
  return rows.findIndex((row) => row.name === name)
}

/** The rows of one lane, one after the other, on servers of their own. */
async function runLane(ofLane: readonly Row[], lane: Row['lane']): Promise<RowResult[]> {
  const done: RowResult[] = []
  if (ofLane.length === 0) return done
  const servers = await OpenServers.open(lane === 'cluster' ? 3 : 1)
  try {
    for (const row of ofLane) {
      say(`${row.name}: ${row.faults} faults`)
      const result = await runRow(servers, row, { seed, say }).catch((error: unknown) => {
        say(`${row.name} could not be judged: ${error instanceof Error ? error.stack : String(error)}`)
        return null
      })
      if (result === null) continue
      const { punches, commands, seconds, failures } = result
      say(
        `${row.name}: ${failures.length === 0 ? 'holds' : 'DOES NOT HOLD'} after ${seconds} s: ${punches.sent} punches, ${punches.lost} lost, ${punches.repeated} repeated; ${commands.sent} commands, ${commands.lost} lost, ${commands.repeated} repeated`,
      )
      done.push(result)
    }
  } finally {
    await servers.close()
  }
  return done
}
