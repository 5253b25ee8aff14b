import { readFileSync } from 'node:fs'
import { array, assert, nat, oneof, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attendanceStates, verifyMethods } from '../../../src/config/attendance-settings.ts'
import { closestName } from '../../../src/config/closest-name.ts'
import { configurationPage } from '../../../src/config/docs-page.ts'
import { configSchema } from '../../../src/config/json-schema.ts'
import { pathText, readPath } from '../../../src/config/option-path.ts'
import { optionAt } from '../../../src/config/option-tree.ts'
import { parseSettings } from '../../../src/config/parse.ts'
import { allOptions } from '../../../src/config/print.ts'
import { catalogue } from '../../../src/records/catalogue.ts'

const options = allOptions()

describe('every option', () => {
  it('is said in one sentence and has a default', () => {
    expect(options.length).toBeGreaterThan(100)
    for (const { path, node } of options) {
      expect(node.says, path).toMatch(/\.$/)
      expect(node.byDefault, path).not.toBeUndefined()
      expect(node.allowed, path).not.toBe('')
    }
  })

  it('has a default that it would take itself', () => {
    const { partial, defaults } = { partial: {}, defaults: parseSettings({}) }
    for (const { path, node } of options) {
      const names = path.split('.')
      const nested = names.reduceRight<unknown>((value, name) => ({ [name]: value }), node.byDefault)
      expect(parseSettings({ ...partial, ...(nested as object) }), path).toEqual(defaults)
    }
  })

  it('names its unit when it is a time or a size', () => {
    for (const { path, node } of options) {
      if (
        !/Timeout|Interval|Wait(?!ing)|expiry|drain|gap|first(?!V)|max(?!Depth|Records|Inputs|InFlight|Pending)/i.test(
          path,
        ) ||
        node.kind !== 'value'
      )
        continue
      if (!node.allowed.startsWith('a whole number')) continue
      expect(path, path).toMatch(/(Ms|Seconds|Hours|Bytes|receiveMaximum)$/)
    }
  })

  it('is on the page, and the page is fresh', () => {
    const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
    expect(page).toBe(configurationPage())
    for (const { path } of options) expect(page).toContain(`\`${path}\``)
  })

  it('that is a password or a key is a secret', () => {
    const secrets = options.filter(({ node }) => node.isSecret).map(({ path }) => path)
    expect(secrets).toEqual([
      'attendance.pseudonym.key',
      'mqtt.password',
      'emqx.rest.secret',
      'kafka.sasl.password',
      'registry.password',
    ])
    for (const { path, node } of options) {
      if (/password$|secret$|token$|\.key$/i.test(path)) expect(node.isSecret, path).toBe(true)
    }
  })
})

describe('what is said twice says the same', () => {
  it('enum symbols of the schema', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../../schemas/AttendanceEvent.avsc', import.meta.url), 'utf8'),
    ) as { fields: { name: string; type: { symbols?: string[] } }[] }
    const symbolsOf = (name: string) => schema.fields.find((field) => field.name === name)?.type.symbols
    expect(symbolsOf('state')).toEqual([...attendanceStates])
    expect(symbolsOf('verifyMethod')).toEqual([...verifyMethods])
  })

  it('topic names of the catalogue', () => {
    const { topics } = parseSettings({}).kafka
    const wanted = Object.values(catalogue).filter((channel) => channel.room === 'attendance')
    expect(topics).toEqual(Object.fromEntries(wanted.map((channel) => [channel.name, channel.topic])))
  })
})

describe('the JSON Schema', () => {
  it('holds no words of our own and refuses unknown keys', () => {
    const text = JSON.stringify(configSchema())
    expect(text).not.toContain('"x-')
    const { properties, additionalProperties } = configSchema() as {
      properties: Record<string, { additionalProperties?: boolean; properties?: Record<string, { default?: unknown }> }>
      additionalProperties: boolean
    }
    expect(additionalProperties).toBe(false)
    expect(properties['mqtt']?.additionalProperties).toBe(false)
    expect(properties['attendance']?.properties?.['stateMap']?.default).toMatchObject({ 0: 'CHECK_IN' })
  })
})

describe('paths', () => {
  it('read back as they were written', () => {
    const part = oneof(string({ minLength: 1 }), nat())
    assert(
      property(string({ minLength: 1 }), array(part), (first, rest) => {
        expect(readPath(pathText([first, ...rest]))).toEqual([first, ...rest])
      }),
    )
  })

  // Guards option-path.ts `unquoted`.
  it('are none when the quotes hold an escape that JSON has not', () => {
    for (const text of ['a["\\x"]', 'a["\n"]', 'a["b]', 'a..b']) expect(readPath(text), text).toBeNull()
  })

  it('lead to options', () => {
    expect(optionAt(['devices', 3, 'timeZone'])?.says).toBe('IANA zone of the device clock.')
    expect(optionAt(['attendance', 'modelStateMaps', 'F18', '1'])?.allowed).toContain('CHECK_IN')
    expect(optionAt(['attendance', 'nothing'])).toBeNull()
    expect(optionAt(['mqtt', 'slot', 'deeper'])).toBeNull()
  })
})

describe('the closest name', () => {
  it.each([
    ['recieveMaximum', 'receiveMaximum'],
    ['receive_maximum', 'receiveMaximum'],
    ['keepalive', null],
    ['slto', 'slot'],
    ['', null],
  ])('of %s is %s', (given, wanted) => {
    expect(closestName(given, ['receiveMaximum', 'keepaliveSeconds', 'slot'])).toBe(wanted)
  })
})
