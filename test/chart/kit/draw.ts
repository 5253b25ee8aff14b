import type { Arbitrary } from 'fast-check'
import * as fc from 'fast-check'
import type { JsonSchema } from '../../../scripts/chart/json-schema.ts'

/**
 * Values that a schema allows: some members of each object, at the edges of their ranges or within. Objects that
 * Kubernetes checks, not the chart, are left out.
 */
export function drawn(schema: JsonSchema): Arbitrary<unknown> {
  const { anyOf, enum: values, properties, additionalProperties, items, type } = schema
  if (anyOf !== undefined) return fc.oneof(...anyOf.filter(drawable).map(drawn))
  if (values !== undefined) return fc.constantFrom(...values)
  switch (type) {
    case 'object':
      return properties === undefined
        ? entries(additionalProperties, schema.propertyNames)
        : members(properties, schema.required ?? [])
    case 'array':
      return fc.array(drawn(items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 2 })
    case 'integer':
      return wholeNumber(schema.minimum ?? 0, schema.maximum ?? Number.MAX_SAFE_INTEGER)
    case 'number':
      return fc.constantFrom(0.001, 0.25, 1)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return text(schema)
  }
}

/** What Kubernetes checks has no rules here; a secret's rule is a negation that nothing can be drawn from. */
function drawable(schema: JsonSchema): boolean {
  if (schema.not !== undefined) return false
  if (schema.type === 'array') return drawable(schema.items ?? {})
  return schema.type !== 'object' || schema.properties !== undefined || typeof schema.additionalProperties === 'object'
}

function members(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): Arbitrary<unknown> {
  const model = Object.fromEntries(
    Object.entries(properties).flatMap(([name, member]) => (drawable(member) ? [[name, drawn(member)]] : [])),
  )
  return fc.record(model, { requiredKeys: [...required] })
}

function entries(value: JsonSchema | boolean | undefined, name: JsonSchema | undefined): Arbitrary<unknown> {
  if (typeof value !== 'object') return fc.constant({})
  return fc.dictionary(text(name?.pattern === undefined ? { pattern: '^[a-z]{1,8}$' } : name), drawn(value), {
    maxKeys: 2,
  })
}

function wholeNumber(min: number, max: number): Arbitrary<number> {
  const small = Math.min(max, min + 12)
  const near = fc.integer({ min, max: small })
  return fc.oneof({ weight: 5, arbitrary: near }, fc.constantFrom(min, max), fc.integer({ min, max }))
}

/** Words that YAML or Helm may take for something else, besides plain ones. */
const tricky = [
  'on',
  'null',
  '1e3',
  '0x10',
  '007',
  '~',
  'a: b',
  '{{ .Values }}',
  '- x',
  '"',
  "'",
  '#',
  '{',
  'é',
  '$(POD_NAME)',
  ' ',
]

function text({ pattern, format, minLength = 0 }: JsonSchema): Arbitrary<string> {
  if (format === 'date-time') return fc.constantFrom('2015-01-01T00:00:00Z', '2020-02-29T23:59:59.999+05:30')
  if (pattern?.includes('env|file') === true) return fc.constantFrom('${env:A}', '${env:A:-1}', '${file:/b}')
  if (pattern !== undefined)
    return fc.stringMatching(new RegExp(pattern), { size: 'small' }).filter((drawn) => drawn.length < 60)
  return fc
    .oneof(fc.stringMatching(/^[a-z]{1,8}$/), fc.constantFrom(...tricky))
    .filter((drawn) => drawn.length >= minLength)
}
