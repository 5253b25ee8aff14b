import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalJson } from '../../../src/fleet/json/equal.ts'
import { isMap, type Json } from '../../../src/fleet/json/json.ts'
import { readJson, readObjectBytes } from '../../../src/fleet/json/read.ts'
import { writeJson } from '../../../src/fleet/json/write.ts'

function plain(value: Json | undefined): unknown {
  if (isMap(value)) return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]))
  return Array.isArray(value) ? value.map(plain) : value
}

function nativeOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

describe('reading', () => {
  test('gives what JSON.parse gives', () => {
    const json = fc.oneof(
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
    )
    fc.assert(
      fc.property(json, (text) => {
        expect(plain(readJson(text))).toEqual(nativeOf(text))
      }),
    )
  })

  test('refuses what JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      'u00e9',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'null',
      ' ',
      '\t',
      '\u0001',
      '\u00a0',
    )
    const text = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (each) => {
        // Such numbers may be beyond doubles, which JSON.parse takes for infinite.
        fc.pre(!/e\d{3}/.test(each))
        expect(readJson(each) === undefined).toBe(nativeOf(each) === undefined)
      }),
      { numRuns: 5000 },
    )
  })

  // Guards fleet/json/read.ts `#shortNumber`.
  test.each([
    '0',
    '7',
    '-7',
    '10',
    '999999999999999',
    '9007199254740993',
    '123456789012345678901',
    '5.25',
    '5e3',
    '5E3',
  ])('reads %s as JSON.parse does', (text) => {
    for (const each of [text, `[${text}]`, `{"a":${text}}`]) expect(plain(readJson(each))).toEqual(JSON.parse(each))
  })

  test('takes the last of repeated members at the place of the first, in the order of the text', () => {
    expect(writeJson(readJson('{"b":1,"10":2,"2":{"__proto__":3},"b":6.0,"":-0}') ?? null)).toBe(
      '{"b":6,"10":2,"2":{"__proto__":3},"":0}',
    )
  })

  test.each(['1e400', '-1e400', '\ufeff{}', '', ' ', '01', '{"a":1,}', '[1,]', '1 2', '{"a"}', '"\u0000"', 'NaN'])(
    '%j is no JSON',
    (text) => expect(readJson(text)).toBeUndefined(),
  )

  test('of bytes wants UTF-8 without a byte order mark, and an object', () => {
    expect(readObjectBytes(Buffer.from('{"a":"é"}'))).toEqual(new Map([['a', 'é']]))
    expect(readObjectBytes(Buffer.from('[]'))).toBeUndefined()
    expect(readObjectBytes(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toBeUndefined()
    expect(readObjectBytes(Buffer.from('\ufeff{}'))).toBeUndefined()
  })

  test('goes to any depth, and so do writing and comparing', () => {
    const text = `${'[{"a":'.repeat(60_000)}1${'}]'.repeat(60_000)}`
    const value = readJson(text) as Json
    expect(writeJson(value)).toBe(text)
    expect(equalJson(value, readJson(text) as Json)).toBe(true)
    expect(equalJson(value, readJson(text.replace('1', '2')) as Json)).toBe(false)
  })
})

test('writing gives what JSON.stringify gives', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      expect(writeJson(readJson(text) as Json)).toBe(text)
    }),
  )
  // Guards fleet/json/write.ts `plain`.
  for (let code = 0; code <= 0xffff; code += 1) {
    const text = `a${String.fromCharCode(code)}z`
    if (writeJson(text) !== JSON.stringify(text)) expect(writeJson(text), code.toString(16)).toBe(JSON.stringify(text))
  }
  expect(writeJson('\u{1f600}')).toBe('"\u{1f600}"')
  expect(writeJson(readJson('"\\ud800\\u00e9\\/"') as Json)).toBe('"\\ud800é/"')
})

test('comparing looks at values, not at spelling or order of members', () => {
  const same = (one: string, other: string) => equalJson(readJson(one) as Json, readJson(other) as Json)
  expect(same('{"a":22.0,"b":[{}]}', '{"b":[{}],"a":22}')).toBe(true)
  expect(same('-0', '0')).toBe(true)
  for (const [one, other] of [
    ['true', '1'],
    ['"1"', '1'],
    ['[1,2]', '[2,1]'],
    ['{"a":1}', '{"a":1,"b":2}'],
    ['{"a":1}', '{"b":1}'],
    ['{}', '[]'],
    ['null', '{}'],
  ] as const) {
    expect(same(one, other), `${one} ${other}`).toBe(false)
  }
})
