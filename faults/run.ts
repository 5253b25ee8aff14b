import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { kafkaPart, registryPart } from '../scripts/ground/fetch/jar-parts.ts'
import { installCodecs } from '../src/kafka/codecs.ts'
import type { FaultResults, RowResult, ThingRowResult } from './results.ts'
import { allRows } from './rows/all-rows.ts'
import { commandsPerSecond, type Row, usualRate } from './rows/row.ts'
import { runRow } from './run-row.ts'
import { connections, receiveMaximum } from './stage/scene.ts'
import { OpenServers } from './stage/servers.ts'
import { faultTable } from './table.ts'
import { runThingRow } from './things/run-thing-row.ts'
import type { ThingRow } from './things/thing-row.ts'
import { thingRows } from './things/thing-rows.ts'
import { ThingServers } from './things/thing-servers.ts'

/**
 * `make faults`: what each fault loses and repeats. ROWS=kill,link-cut picks rows, MOST=2 does each fault twice at most;
 * FAULTS_SEED replays. Ends with exit code 1 when a row does not hold. The results are written down, those of picked
 * rows in place of their former ones; with MOST they are printed only.
 */
const seed = Number(process.env['FAULTS_SEED'] ?? Date.now() % 1_000_000)
const picked = (process.env['ROWS'] ?? '').split(',').filter((name) => name !== '')
const names = [...allRows, ...thingRows].map(({ name }) => name)
const unknown = picked.filter((name) => !names.includes(name))
if (unknown.length > 0 || !Number.isInteger(seed)) {
  console.error(
    unknown.length > 0
      ? `ROWS: no row ${unknown.join(', ')}; there are ${names.join(', ')}`
      : `FAULTS_SEED: ${process.env['FAULTS_SEED']} is no whole number`,
  )
  process.exit(2)
}
const most = Number(process.env['MOST'] ?? Number.POSITIVE_INFINITY)
const rows = chosen(allRows)
const ofThings = chosen(thingRows)
const began = performance.now()
const say = (text: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`)

say(
  `seed ${seed} (FAULTS_SEED=${seed} replays), ${rows.length + ofThings.length} rows, ${[...rows, ...ofThings].reduce((n, { faults }) => n + faults, 0)} faults`,
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
const results = lanes.flat().sort(inOrder)
const things = await runThings(ofThings)
const minutes = Math.round((performance.now() - began) / 6000) / 10
const file = new URL('results/faults.json', import.meta.url)
const run: FaultResults = {
  measuredOn: new Date().toISOString().slice(0, 10),
  versions: {
    bridge: (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }).version,
    node: process.version,
    kafka: kafkaPart.version,
    'schema registry': `Apicurio ${registryPart.version}`,
    'MQTT broker': 'Mosquitto 2.0.11',
  },
  setting: { cores: cpus().length, punchesPerSecond: usualRate, commandsPerSecond, receiveMaximum, connections },
  rows: results,
  things,
}
if (most === Number.POSITIVE_INFINITY && results.length + things.length > 0) {
  mkdirSync(new URL('.', file), { recursive: true })
  const former = formerRun()
  const kept: FaultResults = {
    ...run,
    rows: [...results, ...former.rows].sort(inOrder),
    things: [...things, ...former.things].sort(inOrder),
  }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
}
console.log(faultTable(run))
const held = new Set([...results, ...things].filter(({ failures }) => failures.length === 0).map(({ name }) => name))
const failed = [...rows, ...ofThings].filter(({ name }) => !held.has(name))
say(
  failed.length === 0
    ? `every row holds, in ${minutes} minutes`
    : `does not hold: ${failed.map(({ name }) => name).join(', ')}; FAULTS_SEED=${seed} ROWS=${failed.map(({ name }) => name).join(',')} make faults`,
)
process.exitCode = failed.length === 0 ? 0 : 1

function chosen<R extends Row | ThingRow>(among: readonly R[]): readonly R[] {
  return among
    .filter(({ name }) => picked.length === 0 || picked.includes(name))
    .map((row) => ({ ...row, faults: Math.min(row.faults, most) }))
}

function inOrder(a: { readonly name: string }, b: { readonly name: string }): number {
  return names.indexOf(a.name) - names.indexOf(b.name)
}

/** Rows of former runs that this one has not done; none after a whole run. */
function formerRun(): Pick<FaultResults, 'rows' | 'things'> {
  if (picked.length === 0 || !existsSync(file)) return { rows: [], things: [] }
  const former = JSON.parse(readFileSync(file, 'utf8')) as FaultResults
  const left = <R extends { readonly name: string }>(of: readonly R[]): R[] =>
    of.filter(({ name }) => !picked.includes(name))
  return { rows: left(former.rows), things: left(former.things) }
}

/** Rows of things, one after the other, when the lanes are done: they want servers of their own. */
async function runThings(of: readonly ThingRow[]): Promise<ThingRowResult[]> {
  const done: ThingRowResult[] = []
  if (of.length === 0) return done
  const servers = await opened(() => ThingServers.open())
  try {
    for (const row of of) {
      say(`${row.name}: ${row.faults} faults`)
      const result = await runThingRow(servers, row, { seed, say }).catch((error: unknown) => {
        say(`${row.name} could not be judged: ${error instanceof Error ? error.stack : String(error)}`)
        return null
      })
      if (result === null) continue
      const { reports, requests, executions, publications, wrong, failures } = result
      say(
        `${row.name}: ${failures.length === 0 ? 'holds' : 'DOES NOT HOLD'} after ${result.seconds} s: ${reports.sent} reports, ${reports.lost} lost; ${requests.sent} requests, ${requests.lost} lost; ${executions.sent} executions, ${executions.lost} lost; ${publications.sent} publications, ${publications.lost} lost, ${publications.repeated} repeated; ${wrong} wrong`,
      )
      done.push(result)
    }
  } finally {
    await servers.close()
  }
  return done
}

/** The rows of one lane, one after the other, on servers of their own. */
async function runLane(ofLane: readonly Row[], lane: Row['lane']): Promise<RowResult[]> {
  const done: RowResult[] = []
  if (ofLane.length === 0) return done
  const servers = await opened(() => OpenServers.open(lane === 'cluster' ? 3 : 1))
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

/** Another program may take a port between its choice and its use: three attempts. */
async function opened<S>(open: () => Promise<S>): Promise<S> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open()
    } catch (error) {
      if (attempt === 3) throw error
      say(`servers did not start, once more: ${String(error).slice(0, 300)}`)
    }
  }
}
