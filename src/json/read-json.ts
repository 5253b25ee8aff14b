import { sameJson } from './json-equality.ts'
import { JsonArray, JsonFault, JsonNumber, JsonObject, type JsonValue } from './json-value.ts'

const QUOTE = 34
const COMMA = 44
const MINUS = 45
const POINT = 46
const COLON = 58
const OPEN_ARRAY = 91
const BACKSLASH = 92
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** Above this many members a dictionary finds repeats; below, looking at each is quicker. */
const FEW_MEMBERS = 12

/**
 * Reads one JSON text, strictly by RFC 8259, white space around it allowed (attendance 3).
 *
 * `maxDepth` counts objects and arrays, the outermost is 1; recursion never goes deeper. The text is read left to
 * right and the first fault is returned. Members that repeat are no fault here: see `conflictAt` of the containers.
 */
export function readJson(text: string, maxDepth: number): JsonValue | JsonFault {
  const reader = new JsonReader(text, maxDepth)
  try {
    return reader.document()
  } catch (error) {
    if (error === STOP && reader.fault !== null) return reader.fault
    throw error
  }
}

/** Thrown inside the reader only; one for all, since taking a stack trace costs more than reading the text. */
const STOP = new Error('reading stopped at a fault')

class JsonReader {
  fault: JsonFault | null = null
  readonly #text: string
  readonly #maxDepth: number
  #pos = 0
  #forms: Map<object, string> | null = null
  /** First conflict inside the container that was read last, or -1. */
  #conflictAt = -1

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#maxDepth = maxDepth
  }

  document(): JsonValue {
    const value = this.#value(this.#next(), 1)
    if (!Number.isNaN(this.#next())) this.#fail('JSON_INVALID', this.#pos)
    return value
  }

  #fail(code: JsonFault['code'], offset: number): never {
    this.fault = new JsonFault(code, offset)
    throw STOP
  }

  /** Skips white space; the code at the position it stops at, NaN at the end. */
  #next(): number {
    const text = this.#text
    let pos = this.#pos
    let code = text.charCodeAt(pos)
    while (code <= 32 && (code === 32 || code === 10 || code === 13 || code === 9)) {
      pos += 1
      code = text.charCodeAt(pos)
    }
    this.#pos = pos
    return code
  }

  /** Reads the value that starts with `code` at the position. `depth` is that of a container starting here. */
  #value(code: number, depth: number): JsonValue {
    if (code === QUOTE) return this.#string()
    if (code === MINUS || (code >= 48 && code <= 57)) return this.#number(code)
    if (code === OPEN_OBJECT) return this.#object(depth)
    if (code === OPEN_ARRAY) return this.#array(depth)
    if (code === 116) return this.#word('true', true)
    if (code === 102) return this.#word('false', false)
    if (code === 110) return this.#word('null', null)
    return this.#fail('JSON_INVALID', this.#pos)
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#pos)) this.#fail('JSON_INVALID', this.#pos)
    this.#pos += word.length
    return value
  }

  #object(depth: number): JsonObject {
    if (depth > this.#maxDepth) this.#fail('JSON_TOO_DEEP', this.#pos)
    const names: string[] = []
    const values: JsonValue[] = []
    let positions: Map<string, number> | null = null
    let ownConflictAt = -1
    let conflictAt = -1
    this.#pos += 1
    let code = this.#next()
    if (code === CLOSE_OBJECT) {
      this.#pos += 1
      this.#conflictAt = -1
      return new JsonObject(names, values)
    }
    for (;;) {
      if (code !== QUOTE) this.#fail('JSON_INVALID', this.#pos)
      const nameAt = this.#pos
      const name = this.#string()
      if (this.#next() !== COLON) this.#fail('JSON_INVALID', this.#pos)
      this.#pos += 1
      code = this.#next()
      const value = this.#value(code, depth + 1)
      if (conflictAt < 0 && (code === OPEN_OBJECT || code === OPEN_ARRAY)) conflictAt = this.#conflictAt
      let earlier: number
      if (positions === null) {
        earlier = names.indexOf(name)
        if (names.length === FEW_MEMBERS) positions = firstPositions(names)
      } else {
        earlier = positions.get(name) ?? -1
      }
      if (earlier >= 0 && ownConflictAt < 0 && !this.#same(values[earlier] ?? null, value)) ownConflictAt = nameAt
      if (earlier < 0) positions?.set(name, names.length)
      names.push(name)
      values.push(value)
      code = this.#next()
      if (code === CLOSE_OBJECT) break
      if (code !== COMMA) this.#fail('JSON_INVALID', this.#pos)
      this.#pos += 1
      code = this.#next()
    }
    this.#pos += 1
    if (conflictAt < 0 || (ownConflictAt >= 0 && ownConflictAt < conflictAt)) conflictAt = ownConflictAt
    this.#conflictAt = conflictAt
    return new JsonObject(names, values, ownConflictAt, conflictAt)
  }

  #array(depth: number): JsonArray {
    if (depth > this.#maxDepth) this.#fail('JSON_TOO_DEEP', this.#pos)
    const items: JsonValue[] = []
    const ranges: number[] = []
    let conflictAt = -1
    this.#pos += 1
    let code = this.#next()
    if (code === CLOSE_ARRAY) {
      this.#pos += 1
      this.#conflictAt = -1
      return new JsonArray(items, ranges)
    }
    for (;;) {
      ranges.push(this.#pos)
      items.push(this.#value(code, depth + 1))
      ranges.push(this.#pos)
      if (conflictAt < 0 && (code === OPEN_OBJECT || code === OPEN_ARRAY)) conflictAt = this.#conflictAt
      code = this.#next()
      if (code === CLOSE_ARRAY) break
      if (code !== COMMA) this.#fail('JSON_INVALID', this.#pos)
      this.#pos += 1
      code = this.#next()
    }
    this.#pos += 1
    this.#conflictAt = conflictAt
    return new JsonArray(items, ranges, conflictAt)
  }

  #same(one: JsonValue, other: JsonValue): boolean {
    this.#forms ??= new Map()
    return sameJson(one, other, this.#forms)
  }

  #string(): string {
    const text = this.#text
    const start = this.#pos + 1
    let pos = start
    for (;;) {
      const code = text.charCodeAt(pos)
      if (code === QUOTE) {
        this.#pos = pos + 1
        return text.slice(start, pos)
      }
      if (code === BACKSLASH) return this.#escapedString(start, pos)
      if (!(code >= 32)) this.#fail('JSON_INVALID', pos)
      pos += 1
    }
  }

  /** The rest of a string from its first escape on. */
  #escapedString(start: number, firstEscape: number): string {
    const text = this.#text
    let value = text.slice(start, firstEscape)
    let pos = firstEscape
    let plainFrom = firstEscape
    for (;;) {
      const code = text.charCodeAt(pos)
      if (code === QUOTE) {
        this.#pos = pos + 1
        return value + text.slice(plainFrom, pos)
      }
      if (!(code >= 32)) this.#fail('JSON_INVALID', pos)
      if (code !== BACKSLASH) {
        pos += 1
        continue
      }
      value += text.slice(plainFrom, pos)
      const letter = text.charCodeAt(pos + 1)
      if (letter === 117) {
        value += String.fromCharCode(this.#hex(pos + 2))
        pos += 6
      } else {
        const plain = SHORT_ESCAPES.get(letter)
        value += plain ?? this.#fail('JSON_INVALID', pos + 1)
        pos += 2
      }
      plainFrom = pos
    }
  }

  #hex(at: number): number {
    let value = 0
    for (let pos = at; pos < at + 4; pos += 1) {
      const code = this.#text.charCodeAt(pos)
      const lower = code | 32
      if (code >= 48 && code <= 57) value = value * 16 + code - 48
      else if (lower >= 97 && lower <= 102) value = value * 16 + lower - 87
      else this.#fail('JSON_INVALID', pos)
    }
    return value
  }

  #number(first: number): JsonNumber {
    const text = this.#text
    const start = this.#pos
    let pos = first === MINUS ? start + 1 : start
    const leading = text.charCodeAt(pos)
    pos = this.#digits(pos)
    // A zero stands alone: no leading zeros.
    if (leading === 48 && pos > start + (first === MINUS ? 2 : 1)) this.#fail('JSON_INVALID', pos - 1)
    if (text.charCodeAt(pos) === POINT) pos = this.#digits(pos + 1)
    if ((text.charCodeAt(pos) | 32) === 101) {
      const sign = text.charCodeAt(pos + 1)
      pos = this.#digits(sign === 43 || sign === MINUS ? pos + 2 : pos + 1)
    }
    this.#pos = pos
    return new JsonNumber(text.slice(start, pos))
  }

  /** The position after one or more digits. */
  #digits(from: number): number {
    const text = this.#text
    let pos = from
    let code = text.charCodeAt(pos)
    if (!(code >= 48 && code <= 57)) this.#fail('JSON_INVALID', pos)
    do {
      pos += 1
      code = text.charCodeAt(pos)
    } while (code >= 48 && code <= 57)
    return pos
  }
}

const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  [92, '\\'],
  [47, '/'],
  [98, '\b'],
  [102, '\f'],
  [110, '\n'],
  [114, '\r'],
  [116, '\t'],
])

function firstPositions(names: readonly string[]): Map<string, number> {
  const positions = new Map<string, number>()
  names.forEach((name, at) => {
    if (!positions.has(name)) positions.set(name, at)
  })
  return positions
}
