import type { z } from 'zod'
import { closestName } from './closest-name.ts'
import type { ConfigFault } from './config-error.ts'
import { type OptionPath, pathText } from './option-path.ts'
import { type OptionNode, optionAt, optionTree } from './option-tree.ts'
import type { Origins } from './origins.ts'

/** What the schema library found, in words that name the option, its origin, what is allowed and what to do. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], given: unknown, origins: Origins): ConfigFault[] {
  return issues.flatMap((issue) => {
    const path = issue.path as OptionPath
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], origins))
    const where = { path: pathText(path), origin: origins.of(path)?.where ?? null }
    if (issue.code === 'custom' && issue.params?.['pair'] === true) {
      return [{ ...where, problem: issue.message, allowed: null, next: null }]
    }
    const node = optionAt(path)
    const value = valueAt(given, path)
    const allowed = node?.allowed ?? null
    if (value === undefined) return [{ ...where, problem: 'is missing', allowed, next: null }]
    const isHidden = node?.isSecret === true || origins.hides(path)
    const shown = isHidden ? 'this value (not shown)' : show(value)
    const isOwn = issue.code === 'custom' || issue.code === 'invalid_format'
    const problem = isOwn && issue.message.startsWith('is ') ? `${issue.message}: ${shown}` : `cannot be ${shown}`
    return [{ ...where, problem, allowed, next: nextFor(node, value) }]
  })
}

function unknownKey(path: OptionPath, origins: Origins): ConfigFault {
  const key = String(path.at(-1))
  const parent = optionAt(path.slice(0, -1))
  const siblings = [...(parent?.members.keys() ?? [])]
  const near = closestName(key, siblings)
  const meant = near === null ? elsewhere(key) : pathText([...path.slice(0, -1), near])
  return {
    path: pathText(path),
    origin: origins.of(path)?.where ?? null,
    problem: 'is not a setting of the bridge',
    allowed: meant === null ? siblings.join(', ') : null,
    next: meant === null ? null : `Did you mean ${meant}?`,
  }
}

/** The one option of that very name in another group. */
function elsewhere(key: string): string | null {
  const found: string[] = []
  const visit = (node: OptionNode, path: OptionPath): void => {
    for (const [name, member] of node.members) {
      if (name.toLowerCase() === key.toLowerCase()) found.push(pathText([...path, name]))
      visit(member, [...path, name])
    }
  }
  visit(optionTree, [])
  return found.length === 1 ? (found[0] ?? null) : null
}

function nextFor(node: OptionNode | null, value: unknown): string | null {
  if (node === null || typeof value !== 'string') return null
  const match = /^one of (.*?)(?:, or null)?$/.exec(node.allowed)
  const near = match?.[1] === undefined ? null : closestName(value, match[1].split(', '))
  return near === null ? null : `Did you mean ${near}?`
}

function valueAt(given: unknown, path: OptionPath): unknown {
  let value = given
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(withoutLogin(value)) : String(value)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}

/** An address may hold a login where none is allowed. */
function withoutLogin(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, '$1(not shown)@')
}
