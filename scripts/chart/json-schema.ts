/** A JSON Schema, as far as the chart uses it. */
export interface JsonSchema {
  readonly $schema?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly propertyNames?: JsonSchema
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly format?: string
  readonly writeOnly?: boolean
}

type Members = Readonly<Record<string, JsonSchema>>

/** An object with these members and no others. */
export function closed(description: string, properties: Members): JsonSchema {
  return { description, type: 'object', additionalProperties: false, properties }
}

/** An object that Kubernetes checks, not the chart. */
export function open(description: string): JsonSchema {
  return { description, type: 'object' }
}

export function mapOf(description: string, additionalProperties: JsonSchema): JsonSchema {
  return { description, type: 'object', additionalProperties }
}

export function listOf(description: string, items: JsonSchema): JsonSchema {
  return { description, type: 'array', items }
}

export function oneOf(description: string, values: readonly string[]): JsonSchema {
  return { description, type: 'string', enum: values }
}

/** A text that matches a regular expression, anchored at both ends. */
export function textLike(description: string, pattern: string): JsonSchema {
  return { description, type: 'string', pattern: `^(?:${pattern})$` }
}

export function whole(description: string, minimum: number, maximum: number): JsonSchema {
  return { description, type: 'integer', minimum, maximum }
}

export function flag(description: string): JsonSchema {
  return { description, type: 'boolean' }
}
