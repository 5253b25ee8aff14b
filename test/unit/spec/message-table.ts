import { deepStrictEqual } from 'node:assert/strict'
import { explain } from '../../kit/scenario.ts'

type Members = Readonly<Record<string, unknown>>

/** One MQTT message; a text or bytes alone is the payload on the table's topic. */
type Input = string | Buffer | { readonly topic?: string; readonly payload?: string | Buffer } | Members

/** What must come out: a code for a dead letter, `~reason` for an ignored line, else members of the record's value. */
export type Wanted = string | Members

export type Row = readonly [input: Input, ...wanted: Wanted[]]

export interface Table {
  readonly settings?: Members
  readonly at?: string
  readonly topic?: string
}

export const AT = '2026-06-21T04:00:05.000Z'

/** Sends every row's message in one run and lists the rows whose outputs are not those wanted, with both sides. */
export async function differences(table: Table, rows: readonly Row[]): Promise<string[]> {
  const head = JSON.stringify({ at: table.at ?? AT, settings: table.settings ?? {} })
  const lines = rows.map(([input]) => JSON.stringify(inputLine(input, table.topic ?? 'api/mqtt/v1/SN1/evt')))
  const run = await explain([head, ...lines].join('\n'))
  deepStrictEqual([run.status, run.errors], [0, ''])
  return rows.flatMap(([input, ...wanted], at) => {
    const got = run.lines.filter((line) => line['step'] === at + 2)
    const same = got.length === wanted.length && wanted.every((one, index) => matches(one, got[index] ?? {}))
    const shown = wanted.map((one, index) => narrowed(one, got[index] ?? {}))
    const more = got.slice(wanted.length).map((line) => JSON.stringify(line))
    const what = Buffer.isBuffer(input) ? input.toString('latin1') : JSON.stringify(input)
    return same
      ? []
      : [`${what.slice(0, 300)}\n  wanted ${JSON.stringify(wanted)}\n  got    ${[...shown, ...more].join(' ')}`]
  })
}

function inputLine(input: Input, topic: string): Members {
  if (typeof input === 'string') return { mqtt: { topic, text: input } }
  if (Buffer.isBuffer(input)) return { mqtt: { topic, base64: input.toString('base64') } }
  if ('kafka' in input) return input
  const { payload, ...mqtt } = input
  if (payload === undefined) return { mqtt: { topic, ...mqtt } }
  const bytes = typeof payload === 'string' ? { text: payload } : { base64: (payload as Buffer).toString('base64') }
  return { mqtt: { topic, ...mqtt, ...bytes } }
}

function matches(wanted: Wanted, got: Members): boolean {
  const want = wantedMembers(wanted)
  return JSON.stringify(pick(want, flat(got))) === JSON.stringify(want)
}

const narrowed = (wanted: Wanted, got: Members): string => {
  const seen = flat(got)
  const names = { ...wantedMembers(wanted), reasonCode: 0, reasonDetail: 0, ignored: 0, flags: 0 }
  return JSON.stringify(pick(names, seen))
}

const wantedMembers = (wanted: Wanted): Members => {
  if (typeof wanted !== 'string') return wanted
  return wanted.startsWith('~') ? { ignored: wanted.slice(1) } : { reasonCode: wanted }
}

/** The record's value with its key, headers and so on as `$key`, `$headers`; or the line itself. */
function flat(line: Members): Members {
  const { kafka } = line as { kafka?: { value: Members } & Members }
  if (kafka === undefined) return line
  return {
    ...kafka.value,
    $topic: kafka['topic'],
    $key: kafka['key'],
    $headers: kafka['headers'],
    $timestamp: kafka['timestamp'],
  }
}

const pick = (names: Members, from: Members): Members =>
  Object.fromEntries(Object.keys(names).flatMap((name) => (name in from ? [[name, from[name]]] : [])))
