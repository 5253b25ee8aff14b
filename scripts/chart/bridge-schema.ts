import { configSchema } from '../../src/config/json-schema.ts'
import type { JsonSchema } from './json-schema.ts'

const placeholder: JsonSchema = { type: 'string', pattern: '\\$\\{(env|file):' }
/** Twice `not`, because Helm prints a value that misses a pattern, and it may be a secret. */
const fromFile: JsonSchema = { type: 'string', not: { not: { pattern: '^\\$\\{file:[^}]+\\}$' } } }

/**
 * The bridge's own configuration schema as it holds inside the values of the chart: a number, flag or word may be a
 * placeholder, a secret must come from a file, and which slots and which folder there are is the chart's.
 */
export function bridgeSchema(): JsonSchema {
  const { $schema: _, title: __, ...schema } = configSchema() as JsonSchema
  const own = ['mqtt.slot', 'mqtt.orphans.slots', 'mqtt.orphans.peerUrl', 'fleet.store.folder'].reduce(without, schema)
  const description = "The bridge's configuration: docs/configuration.md."
  return { description, ...adapted(own) }
}

/** The schema of an object that has everything but this member, named by its path. */
function without(schema: JsonSchema, path: string): JsonSchema {
  const [name = '', ...below] = path.split('.')
  const { properties = {} } = schema
  if (properties[name] === undefined) throw new Error(`the configuration has no ${path}`)
  const members = Object.entries(properties).flatMap(([key, member]) => {
    if (key !== name) return [[key, member] as const]
    return below.length === 0 ? [] : [[key, without(member, below.join('.'))] as const]
  })
  return { ...schema, properties: Object.fromEntries(members) }
}

function adapted(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, anyOf, ...own } = schema
  if (schema.writeOnly === true) return { ...described(schema), anyOf: [fromFile, { type: 'null' }] }
  const inner: JsonSchema = {
    ...own,
    ...(properties && { properties: mapValues(properties, adapted) }),
    ...(items && { items: adapted(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? adapted(additionalProperties) : additionalProperties,
    }),
    ...(anyOf && { anyOf: anyOf.map(adapted) }),
  }
  if (!takesPlaceholder(schema)) return inner
  const { description: _, default: __, ...plain } = inner
  return { ...described(schema), anyOf: [plain, placeholder] }
}

/** A text without rules takes a placeholder as it is; a choice of several has it in each of its members. */
function takesPlaceholder({ type, pattern, enum: values, format }: JsonSchema): boolean {
  if (type === 'integer' || type === 'number' || type === 'boolean') return true
  return type === 'string' && (pattern !== undefined || values !== undefined || format !== undefined)
}

function described({ description, default: byDefault }: JsonSchema): JsonSchema {
  return { ...(description !== undefined && { description }), ...(byDefault !== undefined && { default: byDefault }) }
}

function mapValues(members: Readonly<Record<string, JsonSchema>>, change: (schema: JsonSchema) => JsonSchema) {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, change(member)]))
}
