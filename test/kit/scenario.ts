import { deepStrictEqual, fail, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { runExplain } from '../../src/cli/explain/explain.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonRecord = { readonly [name: string]: Json }

export interface Step {
  readonly out?: readonly JsonRecord[]
  readonly outTopics?: readonly string[]
  readonly [member: string]: unknown
}

export interface Scenario {
  readonly id: string
  readonly title: string
  readonly settings?: JsonRecord
  readonly steps: readonly Step[]
}

export interface ExplainRun {
  readonly status: number
  readonly lines: readonly JsonRecord[]
  readonly errors: string
}

/** Runs `bridge explain` in this process on lines of text. */
export async function explain(input: string | Buffer, args: readonly string[] = []): Promise<ExplainRun> {
  const out = new Collected()
  const err = new Collected()
  const status = await runExplain(args, Readable.from([Buffer.from(input as string)]), out, err, {
    bridgeVersion: 'test',
  })
  const lines = out
    .text()
    .split('\n')
    .filter((line) => line !== '')
  return { status, lines: lines.map((line) => JSON.parse(line) as JsonRecord), errors: err.text() }
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk)
    done()
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}

export function readScenarios(file: URL): readonly Scenario[] {
  return expand(JSON.parse(readFileSync(file, 'utf8'))) as readonly Scenario[]
}

/** `{{x*65}}` in any text stands for that many of the character; `concat` for its texts, each repeated. */
function expand(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\{\{(.)\*(\d+)\}\}/gsu, (_, character: string, count: string) =>
      character.repeat(Number(count)),
    )
  }
  if (Array.isArray(value)) return value.map(expand)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => {
    if (name !== 'concat') return [name, expand(member)]
    return ['text', (member as [string, number][]).map(([text, count]) => text.repeat(count)).join('')]
  })
  return Object.fromEntries(entries)
}

/** Feeds the scenario to `explain` and throws an assertion at the first step whose outputs are not as told. */
export async function runScenario(scenario: Scenario): Promise<void> {
  const inputs = scenario.steps.map(({ out: _out, outTopics: _outTopics, ...input }, at) =>
    JSON.stringify(at === 0 && scenario.settings !== undefined ? { ...input, settings: scenario.settings } : input),
  )
  const { status, lines, errors } = await explain(inputs.map((line) => `${line}\n`).join(''))
  strictEqual(errors, '', `${scenario.id}: not understood`)
  strictEqual(status, 0)
  scenario.steps.forEach((step, at) => {
    const actual = lines.filter((line) => line['step'] === at + 1)
    try {
      compareStep(step, actual)
    } catch (error) {
      const got = actual.map((line) => JSON.stringify(line)).join('\n')
      throw new Error(`${scenario.id} ${scenario.title}, step ${at + 1}: ${(error as Error).message}\ngot:\n${got}`, {
        cause: error,
      })
    }
  })
}

function compareStep(step: Step, actual: readonly JsonRecord[]): void {
  const expected = step.out ?? []
  const isCompared = (topic: string): boolean => step.outTopics === undefined || step.outTopics.includes(topic)
  const records = (lines: readonly JsonRecord[]): readonly JsonRecord[] =>
    lines.flatMap((line) => ('kafka' in line ? [line['kafka'] as JsonRecord] : []))
  const topics = new Set([...records(expected), ...records(actual)].map((record) => record['topic'] as string))
  for (const topic of topics) {
    const wanted = records(expected).filter((record) => record['topic'] === topic)
    if (!isCompared(topic)) {
      if (wanted.length > 0) fail(`${topic} is expected but not in outTopics`)
      continue
    }
    comparePairs(
      wanted,
      records(actual).filter((record) => record['topic'] === topic),
      `records on ${topic}`,
      compareRecord,
    )
  }
  const members = (lines: readonly JsonRecord[], name: string): readonly JsonRecord[] =>
    lines.flatMap((line) => (name in line ? [line[name] as JsonRecord] : []))
  comparePairs(members(expected, 'mqtt'), members(actual, 'mqtt'), 'publications', comparePublication)
  comparePairs(members(expected, 'http'), members(actual, 'http'), 'responses', compareResponse)
  strictEqual(members(actual, 'ignored').length, members(expected, 'ignored').length, 'number of ignored lines')
}

function comparePairs(
  expected: readonly JsonRecord[],
  actual: readonly JsonRecord[],
  what: string,
  compare: (expected: JsonRecord, actual: JsonRecord) => void,
): void {
  strictEqual(actual.length, expected.length, `number of ${what}`)
  expected.forEach((one, at) => compare(one, actual[at] ?? {}))
}

function compareRecord(expected: JsonRecord, actual: JsonRecord): void {
  for (const name of Object.keys(expected)) {
    const wanted = expected[name]
    const got = actual[name]
    if (name === 'value' && isRecord(wanted)) {
      if (!isRecord(got)) fail(`value is ${JSON.stringify(got)}`)
      compareMembers(wanted, got, 'value')
    } else if (name === 'headers' && isRecord(wanted)) compareMembers(wanted, got as JsonRecord, 'headers')
    else deepStrictEqual(got, wanted, name)
  }
}

function compareMembers(expected: JsonRecord, actual: JsonRecord, where: string): void {
  for (const name of Object.keys(expected)) {
    const wanted = expected[name]
    const got = actual[name]
    if (name.endsWith('Json') && typeof wanted === 'string' && typeof got === 'string') {
      deepStrictEqual(JSON.parse(got), JSON.parse(wanted), `${where}.${name}`)
    } else
      deepStrictEqual(got, wanted, `${where}.${name}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`)
  }
}

function comparePublication(expected: JsonRecord, actual: JsonRecord): void {
  for (const name of Object.keys(expected)) {
    const wanted = expected[name] ?? null
    const got = actual[name] ?? null
    const same = name === 'json' ? matchesAny(wanted, got) : JSON.stringify(got) === JSON.stringify(wanted)
    if (!same) fail(`publication ${name}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`)
  }
}

function compareResponse(expected: JsonRecord, actual: JsonRecord): void {
  for (const name of Object.keys(expected)) {
    if (name === 'headers') compareMembers(expected[name] as JsonRecord, (actual[name] ?? {}) as JsonRecord, 'headers')
    else deepStrictEqual(actual[name], expected[name], name)
  }
}

/** Whole equality, members in any order, where the text `<any>` matches any text. */
function matchesAny(expected: Json, actual: Json): boolean {
  if (expected === '<any>') return typeof actual === 'string'
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, at) => matchesAny(item, actual[at]))
    )
  }
  if (!isRecord(expected)) return expected === actual
  const names = Object.keys(expected)
  return (
    isRecord(actual) &&
    Object.keys(actual).length === names.length &&
    names.every((name) => Object.hasOwn(actual, name) && matchesAny(expected[name] ?? null, actual[name] ?? null))
  )
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
