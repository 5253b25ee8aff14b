import { z } from 'zod'
import type { OptionPath } from './option-path.ts'
import { settingsSchema } from './settings.ts'

/** One option, or a group, map or list of them, as the declarations in the *-settings.ts files say. */
export interface OptionNode {
  readonly kind: 'group' | 'map' | 'list' | 'value'
  readonly says: string
  /** Default as JSON; undefined when the option must be given. */
  readonly byDefault: unknown
  /** What a value may be, in words. */
  readonly allowed: string
  readonly isSecret: boolean
  /** Takes text, so that what is given as text is not read as a number or a list. */
  readonly isText: boolean
  readonly takesNull: boolean
  /** Members of a group by name. */
  readonly members: ReadonlyMap<string, OptionNode>
  /** Entries of a map, items of a list. */
  readonly entry: OptionNode | null
}

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly writeOnly?: boolean
  readonly 'x-allowed'?: string
  readonly 'x-map-default'?: unknown
}

/** The declarations as JSON Schema of what users may write. */
export function rawSchema(): Schema {
  return z.toJSONSchema(settingsSchema, { io: 'input' }) as Schema
}

/** All options, from the top. */
export const optionTree: OptionNode = nodeOf(rawSchema())

/** The option at a path; null when there is none. */
export function optionAt(path: OptionPath): OptionNode | null {
  let node: OptionNode | null = optionTree
  for (const part of path) {
    if (node === null) return null
    node = typeof part === 'number' || node.kind === 'map' ? node.entry : (node.members.get(part) ?? null)
  }
  return node
}

function nodeOf(schema: Schema): OptionNode {
  const inner = withoutNull(schema)
  const additional = inner.additionalProperties
  const isMap = inner.type === 'object' && typeof additional === 'object'
  const isList = inner.type === 'array'
  return {
    kind: isMap ? 'map' : isList ? 'list' : inner.type === 'object' ? 'group' : 'value',
    says: schema.description ?? '',
    byDefault: schema['x-map-default'] ?? schema.default,
    allowed: allowedBy(schema),
    isSecret: schema.writeOnly === true,
    isText: inner.type === 'string' || (inner.anyOf?.some((choice) => choice.type === 'string') ?? false),
    takesNull: inner !== schema,
    members: new Map(Object.entries(inner.properties ?? {}).map(([name, member]) => [name, nodeOf(member)])),
    entry: isMap ? nodeOf(additional) : isList && inner.items !== undefined ? nodeOf(inner.items) : null,
  }
}

function withoutNull(schema: Schema): Schema {
  const choices = schema.anyOf?.filter((choice) => choice.type !== 'null') ?? []
  const [only] = choices
  return choices.length === 1 && only !== undefined && schema.anyOf?.length === 2 ? only : schema
}

function allowedBy(schema: Schema): string {
  const inner = withoutNull(schema)
  const allowed = schema['x-allowed'] ?? inner['x-allowed'] ?? allowedByType(inner)
  return inner === schema ? allowed : `${allowed}, or null`
}

function allowedByType(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(', ')}`
  switch (schema.type) {
    case 'boolean':
      return 'true or false'
    case 'integer':
    case 'number':
      return `a whole number${range(schema)}`
    case 'string':
      return 'text that is not empty'
    case 'array':
      return `a list${schema.minItems === 1 ? ', not empty' : ''}; each: ${schema.items === undefined ? 'anything' : allowedBy(schema.items)}`
    case undefined:
    default:
      return typeof schema.additionalProperties === 'object'
        ? `a map of text to: ${allowedBy(schema.additionalProperties)}`
        : 'an object'
  }
}

function range({ minimum, maximum }: Schema): string {
  const to = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`
  return minimum === undefined ? to : ` from ${minimum}${to}`
}
