import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  conflictOf,
  JsonArray,
  JsonFault,
  JsonNumber,
  JsonObject,
  type JsonValue,
  toPlain,
} from '../../../src/json/json-value.ts'
import { readJson } from '../../../src/json/read-json.ts'
import { writeJson } from '../../../src/json/write-json.ts'

const DEEP = 1000

function read(text: string, depth = DEEP): JsonValue {
  const value = readJson(text, depth)
  if (value instanceof JsonFault) throw new Error(`${value.code} at ${value.offset}`)
  return value
}

function faultOf(text: string, depth = DEEP): string {
  const value = readJson(text, depth)
  return value instanceof JsonFault ? `${value.code} ${value.offset}` : 'none'
}

/** JSON.parse is the independent model of the grammar. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A JSON text with white space, escapes, repeats and odd numbers, from a tree that says what it means. */
const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
const numberText = fc.stringMatching(/^-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,8})?([eE][+-]?[0-9]{1,2})?$/)
const stringText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1)),
      fc.constantFrom(
        '\\u0041',
        '\\ud800',
        '\\uDC00',
        '\\/',
        '\\b',
        '\\f',
        '\\n',
        '\\r',
        '\\t',
        '\\"',
        '\\\\',
        '\u2028',
        '\u007f',
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => `"${parts.join('')}"`)
const nameText = fc.oneof(stringText, fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '"constructor"'))
const { json: jsonText } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(numberText, stringText, fc.constantFrom('true', 'false', 'null')),
    fc
      .tuple(space, fc.array(fc.tuple(space, tie('json'), space), { maxLength: 4 }))
      .map(([gap, items]) => `[${items.length === 0 ? gap : items.map((item) => item.join('')).join(',')}]`),
    fc
      .tuple(
        space,
        fc.array(fc.tuple(space, nameText, space, fc.constant(':'), space, tie('json'), space), { maxLength: 5 }),
      )
      .map(([gap, members]) => `{${members.length === 0 ? gap : members.map((member) => member.join('')).join(',')}}`),
  ),
}))

/** Equality of attendance 3 without any cleverness. */
function equal(one: JsonValue, other: JsonValue): boolean {
  if (one instanceof JsonNumber) return other instanceof JsonNumber && one.source === other.source
  if (one instanceof JsonArray) {
    if (!(other instanceof JsonArray) || one.items.length !== other.items.length) return false
    return one.items.every((item, at) => equal(item, other.items[at]!))
  }
  if (!(one instanceof JsonObject)) return one === other
  if (!(other instanceof JsonObject)) return false
  const within = (inner: JsonObject, outer: JsonObject): boolean =>
    inner.names.every((name, at) =>
      outer.names.some((otherName, otherAt) => name === otherName && equal(inner.values[at]!, outer.values[otherAt]!)),
    )
  return within(one, other) && within(other, one)
}

function hasConflict(value: JsonValue): boolean {
  if (value instanceof JsonArray) return value.items.some(hasConflict)
  if (!(value instanceof JsonObject)) return false
  const own = value.names.some((name, at) => !equal(value.values[value.names.indexOf(name)]!, value.values[at]!))
  return own || value.values.some(hasConflict)
}

describe('readJson', () => {
  test('takes what is JSON and means the same as JSON.parse', () => {
    let repeats = 0
    fc.assert(
      fc.property(jsonText, (text) => {
        const value = read(text)
        // Of repeats JSON.parse takes the last; without them both must agree, lone surrogates and -0 included.
        if (conflictOf(value) >= 0) repeats += 1
        else expect(JSON.stringify(toPlain(value))).toBe(JSON.stringify(JSON.parse(text)))
      }),
      { numRuns: 5000, seed: 1 },
    )
    expect(repeats).toBeGreaterThan(10)
  })

  test('takes and refuses the same mutated texts as JSON.parse', () => {
    let refused = 0
    const mutation = fc.tuple(
      fc.nat(),
      fc.nat(),
      fc.constantFrom(...'{}[]",:\\0123456789-+.eEtrufalsn \t\n\u0000\u00a0/*\'x'.split('')),
    )
    fc.assert(
      fc.property(jsonText, fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, mutations) => {
        let mutated = text
        for (const [at, kind, character] of mutations) {
          const place = at % (mutated.length + 1)
          mutated =
            mutated.slice(0, place) +
            (kind % 3 === 0 ? '' : character) +
            mutated.slice(kind % 3 === 1 ? place : place + 1)
        }
        const accepted = !(readJson(mutated, DEEP) instanceof JsonFault)
        if (!accepted) refused += 1
        expect(accepted, mutated).toBe(isJson(mutated))
      }),
      { numRuns: 30_000, seed: 2 },
    )
    expect(refused).toBeGreaterThan(5000)
  })

  test('finds repeated members with other values exactly where the plain definition does', () => {
    let conflicts = 0
    fc.assert(
      fc.property(jsonText, (text) => {
        const value = read(text)
        const expected = hasConflict(value)
        if (expected) conflicts += 1
        expect(conflictOf(value) >= 0, text).toBe(expected)
      }),
      { numRuns: 20_000, seed: 3 },
    )
    expect(conflicts).toBeGreaterThan(100)
  })

  test('compact text keeps digits, order and repeats, and reads back as the same', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const value = read(text)
        const written = writeJson(value)
        expect(equal(read(written), value)).toBe(true)
        expect(writeJson(read(written))).toBe(written)
      }),
      { numRuns: 3000, seed: 4 },
    )
    expect(
      writeJson(read(' { "b" : 1.50 , "a" : [ 1E+2 , -0 ] , "b" : 1.50 , "\\u00e9\\u0001\\ud800" : "\\/" } ')),
    ).toBe('{"b":1.50,"a":[1E+2,-0],"b":1.50,"é\\u0001\\ud800":"/"}')
  })

  test.each([
    ['', 'JSON_INVALID 0'],
    ['{"a":1', 'JSON_INVALID 6'],
    ["{'a':1}", 'JSON_INVALID 1'],
    ['[1,]', 'JSON_INVALID 3'],
    ['{"a":1,}', 'JSON_INVALID 7'],
    ['01', 'JSON_INVALID 1'],
    ['-01', 'JSON_INVALID 2'],
    ['1.', 'JSON_INVALID 2'],
    ['.5', 'JSON_INVALID 0'],
    ['+1', 'JSON_INVALID 0'],
    ['1e', 'JSON_INVALID 2'],
    ['- 1', 'JSON_INVALID 1'],
    ['"\t"', 'JSON_INVALID 1'],
    ['"\\x"', 'JSON_INVALID 2'],
    ['"\\u12g4"', 'JSON_INVALID 5'],
    ['1 2', 'JSON_INVALID 2'],
    ['{} {}', 'JSON_INVALID 3'],
    ['1 // no', 'JSON_INVALID 2'],
    ['\u00a01', 'JSON_INVALID 0'],
    ['\ufeff1', 'JSON_INVALID 0'],
    ['nul', 'JSON_INVALID 0'],
    ['NaN', 'JSON_INVALID 0'],
  ])('%j is refused: %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault)
  })

  test('counts depth from the outermost container and reports the first fault from the left', () => {
    expect(faultOf('[[[]]]', 3)).toBe('none')
    expect(faultOf('[[{}]]', 2)).toBe('JSON_TOO_DEEP 2')
    expect(faultOf('{"a":{"b":[1]}}', 2)).toBe('JSON_TOO_DEEP 10')
    expect(faultOf('[[[}', 2)).toBe('JSON_TOO_DEEP 2')
    expect(faultOf('[}[[[', 2)).toBe('JSON_INVALID 1')
    expect(faultOf('1', 0)).toBe('none')
  })

  test('a million open brackets cost neither stack nor time', () => {
    expect(faultOf('['.repeat(1_000_000), 16)).toBe('JSON_TOO_DEEP 16')
    expect(faultOf('{"a":'.repeat(1_000_000), 1000)).toBe('JSON_TOO_DEEP 5000')
  })

  test.each([
    ['repeats of one container', `{${`"a":{"x":[1,2]},`.repeat(15_000)}"a":{"x":[1,2]}}`],
    ['repeats against a large first one', `{"a":[${'1,'.repeat(60_000)}1],${'"a":[],'.repeat(15_000)}"a":[]}`],
    ['many names', `{${Array.from({ length: 25_000 }, (_, at) => `"n${at}":1`).join(',')},"n7":2}`],
    [
      'nested repeats',
      `${'{"a":[1],"a":'.repeat(14)}{"b":${'[1],'.length}${',"b":2'.repeat(20_000)}}${'}'.repeat(14)}`,
    ],
    [
      'objects that repeat one name',
      `{"x":{${Array.from({ length: 15_000 }, (_, at) => `"a":${at}`).join(',')}},"x":{"a":1}}`,
    ],
  ])('%s stays far from quadratic', (_what, text) => {
    const start = process.cpuUsage()
    readJson(text, 16)
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
  })

  test('an own member named __proto__ is a member, and nothing else is', () => {
    const value = read('{"__proto__":1}') as JsonObject
    expect(value.get('__proto__')).toEqual(new JsonNumber('1'))
    expect(value.get('constructor')).toBeUndefined()
    expect(Object.keys(toPlain(value) as object)).toEqual(['__proto__'])
  })

  test('items know their source text', () => {
    const text = ' [ {"a": 1} ,\n"é😀", [ ] ]'
    const { ranges } = read(text) as JsonArray
    const sources = [0, 1, 2].map((item) => text.slice(ranges[2 * item], ranges[2 * item + 1]))
    expect(sources).toEqual(['{"a": 1}', '"é😀"', '[ ]'])
  })

  test('null is a value in a repeat and absent in a look-up', () => {
    expect(conflictOf(read('{"a":null,"a":1}'))).toBe(10)
    expect(conflictOf(read('{"a":null,"a":null}'))).toBe(-1)
    expect(conflictOf(read('{"a":1,"a":1.0}'))).toBe(7)
    expect((read('{"a":null}') as JsonObject).present('a')).toBeUndefined()
    expect((read('{"a":null}') as JsonObject).get('a')).toBeNull()
  })
})
