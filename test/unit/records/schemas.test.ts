import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { catalogue } from '../../../src/records/catalogue.ts'
import { schemaTexts } from '../../../src/records/generated/schemas.ts'
import { type Compatibility, incompatibilities } from '../../kit/schema-compatibility.ts'

const root = resolve(import.meta.dirname, '../../..')

function released(name: string): string[] {
  const folder = join(root, 'schemas/released', name)
  if (!existsSync(folder)) return []
  const versions = readdirSync(folder)
    .map((file) => Number(/^v(\d+)\.avsc$/.exec(file)?.[1]))
    .sort((one, other) => one - other)
  return versions.map((version) => readFileSync(join(folder, `v${version}.avsc`), 'utf8'))
}

describe('generated records', () => {
  it('match the schemas', () => {
    const tsx = join(root, 'node_modules/.bin/tsx')
    expect(() => execFileSync(tsx, [join(root, 'scripts/records.ts'), '--check'], { stdio: 'pipe' })).not.toThrow()
  })
})

describe('every schema of a channel', () => {
  const channels = Object.values(catalogue).filter((channel) => channel.schema !== null)

  it.each(channels.map((channel) => [channel.name, channel] as const))('%s', (_name, channel) => {
    const schema = channel.schema ?? 'DeadLetter'
    expect(incompatibilities(schemaTexts[schema], released(schema), channel.compatibility)).toEqual([])
  })

  it('and no other is released', () => {
    expect(readdirSync(join(root, 'schemas/released')).sort()).toEqual(Object.keys(schemaTexts).sort())
  })
})

const base = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'count', type: 'int' },
    { name: 'share', type: 'float', default: 0 },
    { name: 'word', type: 'string', default: '' },
    { name: 'maybe', type: ['null', 'string'], default: null },
    {
      name: 'state',
      type: { type: 'enum', name: 'S', symbols: ['UNKNOWN', 'A', 'B'], default: 'UNKNOWN' },
      default: 'UNKNOWN',
    },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
    { name: 'items', type: { type: 'array', items: { type: 'long', logicalType: 'timestamp-millis' } }, default: [] },
  ],
}
type Field = Record<string, unknown> & { name: string }

/** The base schema with one field replaced, or removed when `to` is null, or one more added. */
function changed(name: string, to: Record<string, unknown> | null): string {
  const fields = (base.fields as readonly Field[]).flatMap((field) =>
    field.name === name ? (to === null ? [] : [{ ...field, ...to }]) : [field],
  )
  if (to !== null && !base.fields.some((field) => field.name === name)) fields.push({ name, ...to })
  return JSON.stringify({ ...base, fields })
}

function enumOf(symbols: readonly string[]): Record<string, unknown> {
  return { type: { type: 'enum', name: 'S', symbols, default: 'UNKNOWN' } }
}

function micros(type: Record<string, unknown>): Record<string, unknown> {
  return { type }
}

describe('a change of a released schema', () => {
  const old = [JSON.stringify(base)]
  const rows: readonly (readonly [string, string, Compatibility, boolean])[] = [
    ['add a field with a default', changed('more', { type: 'string', default: '' }), 'FULL_TRANSITIVE', true],
    ['remove a field that has a default', changed('word', null), 'FULL_TRANSITIVE', true],
    ['add a field without a default', changed('more', { type: 'string' }), 'FULL_TRANSITIVE', false],
    ['add a field without a default, backward', changed('more', { type: 'string' }), 'BACKWARD_TRANSITIVE', false],
    ['remove a field without a default', changed('id', null), 'FULL_TRANSITIVE', false],
    ['add an enum symbol', changed('state', enumOf(['UNKNOWN', 'A', 'B', 'C'])), 'FULL_TRANSITIVE', true],
    ['remove an enum symbol', changed('state', enumOf(['UNKNOWN', 'A'])), 'FULL_TRANSITIVE', false],
    ['rename an enum symbol', changed('state', enumOf(['UNKNOWN', 'A', 'C'])), 'BACKWARD_TRANSITIVE', false],
    ['reorder enum symbols', changed('state', enumOf(['UNKNOWN', 'B', 'A'])), 'FULL_TRANSITIVE', true],
    ['int to long', changed('count', { type: 'long' }), 'FULL_TRANSITIVE', false],
    ['float to double', changed('share', { type: 'double' }), 'FULL_TRANSITIVE', false],
    ['string to enum', changed('word', { ...enumOf(['UNKNOWN']), default: 'UNKNOWN' }), 'FULL_TRANSITIVE', false],
    ['null to non-null', changed('maybe', { type: 'string', default: '' }), 'FULL_TRANSITIVE', false],
    [
      'millis to micros',
      changed('at', micros({ type: 'long', logicalType: 'timestamp-micros' })),
      'FULL_TRANSITIVE',
      false,
    ],
    [
      'millis to micros inside an array',
      changed('items', micros({ type: 'array', items: { type: 'long', logicalType: 'timestamp-micros' } })),
      'FULL_TRANSITIVE',
      false,
    ],
    ['rename a field without a default', changed('id', { name: 'key' }), 'FULL_TRANSITIVE', false],
  ]

  it.each(rows)('%s', (_change, schema, mode, isAllowed) => {
    expect(incompatibilities(schema, old, mode).length === 0).toBe(isAllowed)
  })

  it('is compared with every version, not only with the last', () => {
    const noWord = changed('word', null)
    const needsWord = changed('word', { default: undefined })
    expect(incompatibilities(needsWord, [noWord, JSON.stringify(base)], 'BACKWARD_TRANSITIVE')).not.toEqual([])
    expect(incompatibilities(needsWord, [JSON.stringify(base)], 'BACKWARD_TRANSITIVE')).toEqual([])
  })

  it('fails when nothing was released', () => {
    expect(incompatibilities(JSON.stringify(base), [], 'FULL_TRANSITIVE')).not.toEqual([])
  })
})
