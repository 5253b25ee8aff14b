import { type OptionNode, optionTree } from './option-tree.ts'

/**
 * Lays one partial configuration over another: objects and maps are merged, lists and values replace. A group that is
 * null says nothing. A map entry that is null stays, so that it can take a default away.
 */
export function layOver(lower: unknown, upper: unknown, node: OptionNode | null = optionTree): unknown {
  if (node?.kind === 'group' && !node.takesNull && upper === null) return lower
  if (!isObject(lower) || !isObject(upper)) return upper
  const merged: Record<string, unknown> = Object.assign(Object.create(null), lower)
  for (const [key, value] of Object.entries(upper)) {
    const member = node?.kind === 'map' ? node.entry : (node?.members.get(key) ?? null)
    merged[key] = Object.hasOwn(merged, key) ? layOver(merged[key], value, member) : layOver({}, value, member)
  }
  return merged
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
