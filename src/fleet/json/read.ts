import { isMap, type Json, type JsonMap } from './json.ts'

const QUOTE = 34
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const COLON = 58
const OPEN_ARRAY = 91
const BACKSLASH = 92
const CLOSE_ARRAY = 93
const SMALL_E = 101
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of the bytes, a byte order mark included; undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Reads one JSON text of any depth (fleets 2.3); undefined when it is not JSON or holds a number beyond doubles. */
export function readJson(text: string): Json | undefined {
  try {
    return new Reader(text).document()
  } catch (error) {
    if (error === STOP) return undefined
    throw error
  }
}

/** Reads a text that must be an object; undefined when it is anything else. */
export function readObject(text: string): JsonMap | undefined {
  const value = readJson(text)
  return isMap(value) ? value : undefined
}

/** Reads bytes that must be an object in UTF-8; undefined when they are anything else. */
export function readObjectBytes(bytes: Uint8Array): JsonMap | undefined {
  const text = textOf(bytes)
  return text === undefined ? undefined : readObject(text)
}

/** Thrown inside the reader only; one for all, since a stack trace costs more than the reading. */
const STOP = new Error('reading stopped at a fault')

/** An object or array whose end has not been met. */
type Open =
  | { readonly map: null; readonly items: Json[] }
  /** `name` waits for its value. */
  | { readonly map: Map<string, Json>; name: string }

/** Neither an escape nor a control character, white space included: a string ends at the next quote then. */
const plain = /^[^\\\u0000-\u001f]*$/

/** So many digits are an exact double, and do not overflow while they are added up. */
const exactDigits = 15

/** No recursion: a message may nest as deep as its size allows. */
class Reader {
  readonly #text: string
  readonly #plain: boolean
  readonly #open: Open[] = []
  readonly #number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
  #pos = 0

  constructor(text: string) {
    this.#text = text
    this.#plain = plain.test(text)
  }

  document(): Json {
    for (;;) {
      let value = this.#start()
      // An opened container that is not empty: its first value comes next.
      if (value === undefined) continue
      for (;;) {
        const top = this.#open.at(-1)
        if (top === undefined) {
          if (!Number.isNaN(this.#next())) throw STOP
          return value
        }
        if (top.map === null) top.items.push(value)
        else top.map.set(top.name, value)
        const code = this.#next()
        this.#pos += 1
        if (code === COMMA) {
          if (top.map !== null) top.name = this.#name()
          break
        }
        if (code !== (top.map === null ? CLOSE_ARRAY : CLOSE_OBJECT)) throw STOP
        this.#open.pop()
        value = top.map === null ? top.items : top.map
      }
    }
  }

  /** The value that starts here, or undefined when a container was opened that has something in it. */
  #start(): Json | undefined {
    const code = this.#next()
    if (code === QUOTE) return this.#string()
    if (code === OPEN_OBJECT) {
      this.#pos += 1
      const map = new Map<string, Json>()
      if (this.#next() === CLOSE_OBJECT) {
        this.#pos += 1
        return map
      }
      this.#open.push({ map, name: this.#name() })
      return undefined
    }
    if (code === OPEN_ARRAY) {
      this.#pos += 1
      const items: Json[] = []
      if (this.#next() === CLOSE_ARRAY) {
        this.#pos += 1
        return items
      }
      this.#open.push({ map: null, items })
      return undefined
    }
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.#readNumber()
    if (code === 116) return this.#word('true', true)
    if (code === 102) return this.#word('false', false)
    if (code === 110) return this.#word('null', null)
    throw STOP
  }

  /** Skips white space; the code at the position it stops at, NaN at the end. */
  #next(): number {
    const text = this.#text
    let code = text.charCodeAt(this.#pos)
    while (code === 32 || code === 10 || code === 13 || code === 9) {
      this.#pos += 1
      code = text.charCodeAt(this.#pos)
    }
    return code
  }

  #name(): string {
    if (this.#next() !== QUOTE) throw STOP
    const name = this.#string()
    if (this.#next() !== COLON) throw STOP
    this.#pos += 1
    return name
  }

  #word<T extends Json>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#pos)) throw STOP
    this.#pos += word.length
    return value
  }

  #readNumber(): number {
    const short = this.#shortNumber()
    if (short !== undefined) return short
    this.#number.lastIndex = this.#pos
    const found = this.#number.exec(this.#text)
    if (found === null) throw STOP
    this.#pos += found[0].length
    const value = Number(found[0])
    if (!Number.isFinite(value)) throw STOP
    return value
  }

  /** What most numbers are: some digits and nothing else. */
  #shortNumber(): number | undefined {
    const text = this.#text
    let pos = this.#pos
    let code = text.charCodeAt(pos)
    if (code === ZERO) return undefined
    let value = 0
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + code - ZERO
      pos += 1
      code = text.charCodeAt(pos)
    }
    const digits = pos - this.#pos
    if (digits === 0 || digits > exactDigits || code === POINT || (code | 32) === SMALL_E) return undefined
    this.#pos = pos
    return value
  }

  #string(): string {
    const text = this.#text
    const from = this.#pos
    if (this.#plain) {
      const end = text.indexOf('"', from + 1)
      if (end < 0) throw STOP
      this.#pos = end + 1
      return text.slice(from + 1, end)
    }
    let escaped = false
    for (let pos = from + 1; ; pos += 1) {
      const code = text.charCodeAt(pos)
      if (code === QUOTE) {
        this.#pos = pos + 1
        return escaped ? unescaped(text.slice(from, pos + 1)) : text.slice(from + 1, pos)
      }
      if (code === BACKSLASH) {
        escaped = true
        pos += 1
      } else if (!(code >= 32)) {
        throw STOP
      }
    }
  }
}

function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    throw STOP
  }
}
