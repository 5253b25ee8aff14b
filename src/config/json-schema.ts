import { rawSchema } from './option-tree.ts'

/** JSON Schema (2020-12) of the configuration file, for editors and for the chart's values. */
export function configSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of the bridge',
    ...clean(rawSchema()),
  }
}

type Json = Readonly<Record<string, unknown>>

/** Our own keywords go: what a value may be joins the description, and a map's default is its real one. */
function clean(schema: object): Json {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema' || key === 'x-allowed' || key === 'x-map-default') continue
    result[key] = cleanValue(key, value)
  }
  const { 'x-allowed': allowed, 'x-map-default': mapDefault } = schema as Json
  if (mapDefault !== undefined) result['default'] = mapDefault
  if (typeof allowed === 'string') {
    const { description } = result
    result['description'] =
      typeof description === 'string' ? `${description} Allowed: ${allowed}.` : `Allowed: ${allowed}.`
  }
  return result
}

function cleanValue(key: string, value: unknown): unknown {
  if (key === 'default' || key === 'enum') return value
  if (Array.isArray(value)) return value.map((item: unknown) => cleanValue('', item))
  if (typeof value !== 'object' || value === null) return value
  if (key !== 'properties') return clean(value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clean(member as object)]))
}
