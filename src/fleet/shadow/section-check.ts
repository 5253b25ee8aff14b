import { isArray, isMap, type Json, type JsonMap } from '../json/json.ts'

export type SectionFault = 'invalid node' | 'too deep'

/** A container on the way: its level, and whether it is or lies in an array. */
interface Visit {
  readonly rest: Iterator<readonly [string, Json]>
  readonly named: boolean
  readonly inArray: boolean
}

/**
 * The first fault of a patch, walked depth first in member order: the level of a container that is not empty is
 * checked when it is entered, each key before its value (fleets 3.2, checks 13 and 14). The section is level 1.
 */
export function sectionFault(section: JsonMap, maxDepth: number): SectionFault | null {
  const open: Visit[] = []
  const enter = (value: Json, inArray: boolean): SectionFault | null => {
    const list = isArray(value)
    if (!list && !isMap(value)) return null
    if ((list ? value.length : value.size) === 0) return null
    if (open.length + 1 > maxDepth) return 'too deep'
    const rest = list ? value.map((item) => ['', item] as const).values() : value.entries()
    open.push({ rest, named: !list, inArray: inArray || list })
    return null
  }
  const atTop = enter(section, false)
  if (atTop !== null) return atTop
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const step = top.rest.next()
    if (step.done === true) {
      open.pop()
      continue
    }
    const [name, value] = step.value
    if (top.named && (name === '' || name === '__proto__')) return 'invalid node'
    if (value === null && top.inArray) return 'invalid node'
    const fault = enter(value, top.inArray)
    if (fault !== null) return fault
  }
  return null
}
