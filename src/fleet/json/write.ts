import { isArray, isMap, type Json } from './json.ts'

/** A container that is being written: what is left of it and the text that ends it. */
interface Rest {
  readonly items: Iterator<Json> | null
  readonly members: Iterator<[string, Json]> | null
  readonly end: string
  first: boolean
}

/** Compact text as `JSON.stringify` writes it (fleets 2.1). Values of any depth: no recursion. */
export function writeJson(value: Json): string {
  let text = ''
  const open: Rest[] = []
  let next: Json | undefined = value
  for (;;) {
    if (next !== undefined) {
      if (isMap(next)) {
        text += '{'
        open.push({ items: null, members: next.entries(), end: '}', first: true })
      } else if (isArray(next)) {
        text += '['
        open.push({ items: next.values(), members: null, end: ']', first: true })
      } else {
        text += JSON.stringify(next)
      }
    }
    const top = open.at(-1)
    if (top === undefined) return text
    const step: IteratorResult<Json | [string, Json], undefined> =
      top.members === null ? (top.items as Iterator<Json>).next() : top.members.next()
    if (step.done === true) {
      text += top.end
      open.pop()
      next = undefined
      continue
    }
    if (!top.first) text += ','
    top.first = false
    if (top.members === null) {
      next = step.value as Json
    } else {
      const [name, member] = step.value as [string, Json]
      text += `${JSON.stringify(name)}:`
      next = member
    }
  }
}

/** Bytes of the value's compact text in UTF-8 (fleets 2.1). */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(writeJson(value))
}
