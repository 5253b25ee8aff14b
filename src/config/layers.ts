import { type OptionNode, optionTree } from './option-tree.ts'

/**
 * Lays one partial configuration over another: objects and maps are merged, lists and values replace. Null says nothing
 * (attendance 1) where it is no value of its own. A map entry that is null stays, so that it can take a default away.
 */
export function layOver(lower: unknown, upper: unknown, node: OptionNode | null = optionTree): unknown {
  if (upper === null && saysNothing(node)) return lower
  if (!isObject(lower) || !isObject(upper)) return upper
  const merged: Record<string, unknown> = Object.assign(Object.create(null), lower)
  for (const [key, value] of Object.entries(upper)) {
    const member = node?.kind === 'map' ? node.entry : (node?.members.get(key) ?? null)
    if (Object.hasOwn(merged, key)) merged[key] = layOver(merged[key], value, member)
    else if (value !== null || !saysNothing(member)) merged[key] = layOver({}, value, member)
  }
  return merged
}

function saysNothing(nullAt: OptionNode | null): boolean {
  return nullAt !== null && !nullAt.takesNull
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
