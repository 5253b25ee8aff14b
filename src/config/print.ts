import { type OptionPath, pathText } from './option-path.ts'
import { type OptionNode, optionTree } from './option-tree.ts'
import type { Origins } from './origins.ts'
import type { Settings } from './settings.ts'

/** The configuration in force as YAML, secrets left out; with `withOrigin`, where each value came from. */
export function printSettings(settings: Settings, origins: Origins, withOrigin: boolean): string {
  const lines: string[] = []
  const printGroup = (values: object, node: OptionNode, path: OptionPath): void => {
    for (const [name, member] of node.members) {
      const at = [...path, name]
      const value: unknown = Object.entries(values).find(([key]) => key === name)?.[1]
      const indent = '  '.repeat(path.length)
      if (member.kind === 'group' && typeof value === 'object' && value !== null) {
        lines.push(`${indent}${name}:`)
        printGroup(value, member, at)
        continue
      }
      const isHidden = value !== null && (member.isSecret || origins.hides(at))
      const origin = withOrigin ? `  # ${origins.of(at)?.where ?? 'default'}` : ''
      lines.push(`${indent}${name}: ${isHidden ? '"(secret)"' : JSON.stringify(asWritten(value, member))}${origin}`)
    }
  }
  printGroup(settings, optionTree, [])
  return `${lines.join('\n')}\n`
}

/** A map without one of its default entries is written with that entry as null, or reading it back would restore it. */
function asWritten(value: unknown, node: OptionNode): unknown {
  if (node.kind !== 'map' || typeof node.byDefault !== 'object' || value === null) return value
  const removed = Object.keys(node.byDefault ?? {}).map((key) => [key, null] as const)
  return { ...Object.fromEntries(removed), ...(value as object) }
}

/** Every text of the configuration that must never be printed. */
export function secretTexts(settings: Settings, origins: Origins): readonly string[] {
  const found: string[] = []
  const visit = (value: unknown, node: OptionNode | null, path: OptionPath): void => {
    if (typeof value === 'string') {
      if (node?.isSecret === true || origins.of(path)?.hidden === true) found.push(value)
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, node?.entry ?? null, [...path, index])
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        visit(member, node?.members.get(key) ?? node?.entry ?? null, [...path, key])
      }
    }
  }
  visit(settings, optionTree, [])
  return found
}

/** Every option by its path, groups left out. */
export function allOptions(): readonly { readonly path: string; readonly node: OptionNode }[] {
  const all: { path: string; node: OptionNode }[] = []
  const visit = (node: OptionNode, path: OptionPath): void => {
    for (const [name, member] of node.members) {
      if (member.kind === 'group') visit(member, [...path, name])
      else all.push({ path: pathText([...path, name]), node: member })
    }
  }
  visit(optionTree, [])
  return all
}
