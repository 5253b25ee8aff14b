import { avroType } from '../../src/records/codec.ts'

export type Compatibility = 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE'

type Node = string | readonly Node[] | { readonly [name: string]: unknown }

function canRead(reader: string, writer: string): boolean {
  try {
    avroType(reader).createResolver(avroType(writer))
    return true
  } catch {
    return false
  }
}

/** Every path of a schema that has a logical type or enum symbols, which Avro's own rules do not protect. */
function marks(node: Node, path: string, found: Map<string, readonly string[]>): Map<string, readonly string[]> {
  if (typeof node === 'string') return found
  if (Array.isArray(node)) {
    for (const branch of node as readonly Node[]) marks(branch, path, found)
    return found
  }
  const each = node as { readonly [name: string]: unknown }
  const kind = typeof each['type'] === 'string' ? each['type'] : ''
  if (typeof each['logicalType'] === 'string') found.set(`${path}:logicalType`, [each['logicalType']])
  if (Array.isArray(each['symbols'])) found.set(`${path}:symbols`, each['symbols'] as string[])
  if (Array.isArray(each['fields'])) {
    for (const field of each['fields'] as { name: string; type: Node }[])
      marks(field.type, `${path}.${field.name}`, found)
  }
  for (const inner of ['items', 'values']) if (each[inner] !== undefined) marks(each[inner] as Node, path, found)
  if (kind === '' && each['type'] !== undefined) marks(each['type'] as Node, path, found)
  return found
}

/** Why `current` must not be released after the `released` versions; empty when it may (attendance 13). */
export function incompatibilities(current: string, released: readonly string[], mode: Compatibility): string[] {
  if (released.length === 0) return ['there is no released version to compare with']
  const problems: string[] = []
  released.forEach((old, index) => {
    const name = `version ${index + 1}`
    if (!canRead(current, old)) problems.push(`records of ${name} cannot be read`)
    if (mode === 'FULL_TRANSITIVE' && !canRead(old, current)) problems.push(`readers of ${name} cannot read on`)
    const now = marks(JSON.parse(current) as Node, '', new Map())
    for (const [place, before] of marks(JSON.parse(old) as Node, '', new Map())) {
      const after = now.get(place)
      const isSymbols = place.endsWith(':symbols')
      const gone = before.filter((each) => after?.includes(each) !== true)
      if (isSymbols && after !== undefined && gone.length > 0)
        problems.push(`${name}: ${place} lost ${gone.join(', ')}`)
      if (!isSymbols && gone.length > 0) problems.push(`${name}: ${place} changed`)
    }
  })
  return problems
}
