import { isArray, isMap, type Json } from './json.ts'

/** A container that is being written and what is left of it. Items of arrays come with their index. */
interface Rest {
  readonly rest: Iterator<readonly [string | number, Json]>
  readonly named: boolean
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
        open.push({ rest: next.entries(), named: true, first: true })
      } else if (isArray(next)) {
        text += '['
        open.push({ rest: next.entries(), named: false, first: true })
      } else {
        text += typeof next === 'string' ? quoted(next) : String(next)
      }
    }
    const top = open.at(-1)
    if (top === undefined) return text
    const step = top.rest.next()
    if (step.done === true) {
      text += top.named ? '}' : ']'
      open.pop()
      next = undefined
      continue
    }
    const [name, member] = step.value
    if (!top.first) text += ','
    top.first = false
    if (top.named) text += `${quoted(String(name))}:`
    next = member
  }
}

/** Nothing in it is escaped: no quote, backslash, control character or half of a pair. */
const plain = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/

/** Cheaper than JSON.stringify for the text that needs no escape, which is nearly all. */
function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** Bytes of the value's compact text in UTF-8 (fleets 2.1). */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(writeJson(value))
}
