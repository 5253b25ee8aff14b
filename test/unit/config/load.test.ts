import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { readConfigText } from '../../../src/config/config-file.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { parseSettings } from '../../../src/config/parse.ts'
import { printSettings, secretTexts } from '../../../src/config/print.ts'

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly configs?: readonly string[]
  readonly overrides?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Loads from a world of text files. */
function load({ files = {}, configs = Object.keys(files).slice(0, 1), overrides = [], env = {} }: Given) {
  const readFile = (path: string): string => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(`no such file ${path}`), { code: 'ENOENT' })
    return text
  }
  return loadConfig({ files: configs, overrides }, { env, readFile })
}

function faultsOf(given: Given) {
  try {
    load(given)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('a configuration file', () => {
  it('is YAML, and so JSON too', () => {
    expect(load({ files: { '/a.yaml': 'mqtt:\n  slot: 3\n' } }).settings.mqtt.slot).toBe(3)
    expect(load({ files: { '/a.json': '{"mqtt": {"slot": 3}}' } }).settings.mqtt.slot).toBe(3)
    expect(load({ files: { '/a.yaml': '# nothing\n' } }).settings).toEqual(parseSettings({}))
  })

  it('keeps the text of keys that look like numbers', () => {
    const { settings } = load({ files: { '/a.yaml': 'attendance: {stateMap: {1: CHECK_IN, 01: MEAL_IN, 1.0: null}}' } })
    expect(settings.attendance.stateMap).toMatchObject({ 1: 'CHECK_IN', '01': 'MEAL_IN' })
  })

  it('is laid over the one before it', () => {
    const { settings, origins } = load({
      files: {
        '/a.yaml': 'attendance:\n  stateMap:\n    0: CHECK_OUT\n    7: MEAL_IN\nkafka:\n  brokers: [a:1, b:2]\n',
        '/b.yaml': 'attendance:\n  stateMap:\n    7: null\nkafka:\n  brokers: [c:3]\nmqtt:\n',
      },
      configs: ['/a.yaml', '/b.yaml'],
    })
    expect(settings.attendance.stateMap['0']).toBe('CHECK_OUT')
    expect(settings.attendance.stateMap['7']).toBeUndefined()
    expect(settings.kafka.brokers).toEqual(['c:3'])
    expect(origins.of(['attendance', 'stateMap', '0'])?.where).toBe('/a.yaml:3')
    expect(origins.of(['kafka', 'brokers', 1])?.where).toBe('/b.yaml:5')
    expect(origins.of(['mqtt', 'slot'])).toBeNull()
  })

  it('is laid under the command line', () => {
    const { settings, origins } = load({
      files: { '/a.yaml': 'mqtt: {slot: 1, username: a}' },
      overrides: ['mqtt.slot=5', 'mqtt.username=12345', 'kafka.brokers=[x:1, y:2]', 'attendance.stateMap.0=null'],
    })
    expect(settings.mqtt.slot).toBe(5)
    expect(settings.mqtt.username).toBe('12345')
    expect(settings.kafka.brokers).toEqual(['x:1', 'y:2'])
    expect(settings.attendance.stateMap['0']).toBeUndefined()
    expect(origins.of(['mqtt', 'slot'])?.where).toBe('--set')
  })

  it('names file and line of a fault', () => {
    expect(faultsOf({ files: { '/a.yaml': 'mqtt:\n  slot: 1\n  slots: 2\n' } })).toEqual([
      {
        path: 'mqtt.slots',
        origin: '/a.yaml:3',
        problem: 'is not a setting of the bridge',
        allowed: null,
        next: 'Did you mean mqtt.slot?',
      },
    ])
  })

  it('that cannot be read, or is no YAML, is a fault', () => {
    expect(faultsOf({ configs: ['/none.yaml'] })[0]).toMatchObject({
      origin: '/none.yaml',
      problem: 'cannot be read (ENOENT)',
    })
    const broken = faultsOf({ files: { '/a.yaml': 'mqtt:\n  password: "planted-secret\n' } })
    expect(broken[0]?.origin).toMatch(/^\/a\.yaml:\d+$/)
    expect(JSON.stringify(broken)).not.toContain('planted-secret')
    expect(faultsOf({ files: { '/a.yaml': 'mqtt: {slot: 1}\nmqtt: {slot: 2}\n' } })).toHaveLength(1)
    expect(faultsOf({ files: { '/a.yaml': `${'['.repeat(5000)}${']'.repeat(5000)}` } }).length).toBeGreaterThan(0)
  })

  it('may use aliases, but not to blow up', () => {
    expect(load({ files: { '/a.yaml': 'mqtt: &x {username: u}\nregistry: *x\n' } }).settings.registry.username).toBe(
      'u',
    )
    expect(faultsOf({ files: { '/a.yaml': 'mqtt: &x\n  tls: *x\n' } }).length).toBeGreaterThan(0)
  })

  // Guards config-file.ts, the fault of an alias that names nothing and those of `document.warnings`.
  it('does not lose a text that begins as an alias or a tag does, nor show it', () => {
    for (const text of ['*planted', '!planted', '!planted x']) {
      const faults = faultsOf({ files: { '/a.yaml': `mqtt:\n  password: ${text}\n` } })
      expect(
        faults.map(({ origin }) => origin),
        text,
      ).toEqual(['/a.yaml:2'])
      expect(JSON.stringify(faults), text).not.toContain('planted')
      expect(load({ files: { '/a.yaml': `mqtt:\n  password: '${text}'\n` } }).settings.mqtt.password).toBe(text)
    }
  })

  it('with an override that has no name is a fault', () => {
    for (const override of ['=1', 'mqtt', 'mqtt..slot=1', 'devices[0].deviceSn=A']) {
      expect(faultsOf({ overrides: [override] })).toHaveLength(1)
    }
  })
})

describe('a placeholder', () => {
  const env = { POD_NAME: 'ingest-4', PORT: '9999', EMPTY: '', SECRET: 'planted-env', TRICK: 'x\nmqtt: {slot: 1}' }

  it('is replaced in values, with the type the option has', () => {
    const text =
      'mqtt: {slot: "${env:POD_NAME}", username: "${env:PORT}", clientIdPrefix: "a-${env:PORT}-b"}\n' +
      'observe: {port: "${env:PORT}", host: "${env:EMPTY:-127.0.0.1}", logLevel: "${env:UNSET:-warn}"}\n'
    const { settings, origins } = load({ files: { '/a.yaml': text }, env })
    expect(settings.mqtt).toMatchObject({ slot: 4, username: '9999', clientIdPrefix: 'a-9999-b' })
    expect(settings.observe).toEqual({ port: 9999, host: '127.0.0.1', logLevel: 'warn' })
    expect(origins.of(['mqtt', 'slot'])?.where).toBe('/a.yaml:1, env POD_NAME')
  })

  it('cannot add keys', () => {
    const { settings } = load({ files: { '/a.yaml': 'mqtt: {username: "${env:TRICK}"}' }, env })
    expect(settings.mqtt.username).toBe(env.TRICK)
    expect(settings.mqtt.slot).toBe(0)
  })

  it('of a file is read from the folder of the configuration, without its last line end', () => {
    const files = { '/etc/b/a.yaml': 'mqtt: {password: "${file:secrets/pw}"}', '/etc/b/secrets/pw': 'planted-file\n' }
    const { settings, origins } = load({ files })
    expect(settings.mqtt.password).toBe('planted-file')
    expect(origins.of(['mqtt', 'password'])?.where).toBe('/etc/b/a.yaml:1, file secrets/pw')
  })

  it('can be escaped, and other dollars are left alone', () => {
    const text = 'mqtt: {username: "$${env:X} $5 $$"}\npresence: {brokerEventTopic: $events/x}\n'
    const { settings } = load({ files: { '/a.yaml': text } })
    expect(settings.mqtt.username).toBe('${env:X} $5 $$')
    expect(settings.presence.brokerEventTopic).toBe('$events/x')
  })

  it.each([
    ['${env:UNSET}', 'needs the environment variable UNSET, which is not set'],
    ['${file:/none}', 'needs the file /none, which cannot be read (ENOENT)'],
    ['${vault:x}', 'has the unknown placeholder ${vault:x}; write ${env:NAME} or ${file:PATH}, or $${ for ${'],
    ['${x}', 'has the unknown placeholder ${x}; write ${env:NAME} or ${file:PATH}, or $${ for ${'],
  ])('%s that cannot be replaced is a fault of its key', (text, problem) => {
    expect(faultsOf({ files: { '/a.yaml': `\nmqtt:\n  username: "${text}"\n` }, env })).toEqual([
      { path: 'mqtt.username', origin: '/a.yaml:3', problem, allowed: null, next: null },
    ])
  })
})

describe('the printed configuration', () => {
  const files = {
    '/a.yaml': [
      'mqtt: {password: planted-1, username: "${file:u}"}',
      'attendance: {pseudonym: {key: "${env:KEY}"}, stateMap: {0: null, 9: MEAL_IN}, attributes: ["${file:u}"]}',
      'kafka: {sasl: {password: planted-3}}',
      'registry: {password: planted-4}',
      'devices: [{deviceSn: A, tenantId: t}]',
    ].join('\n'),
    '/u': 'planted-2',
  }
  const env = { KEY: Buffer.from('planted-key-planted-key').toString('base64') }

  it('never shows a secret, nor what came out of a file', () => {
    const { settings, origins } = load({ files, env })
    const printed = printSettings(settings, origins, true)
    expect(printed).not.toContain('planted')
    expect(printed).not.toContain(env.KEY)
    expect(printed.match(/"\(secret\)"/g)).toHaveLength(6)
    expect(printed).toContain('password: "(secret)"  # /a.yaml:1\n')
    expect(printed).toContain('  slot: 0  # default\n')
    expect([...secretTexts(settings, origins)].toSorted()).toEqual(
      ['planted-1', 'planted-2', 'planted-2', 'planted-3', 'planted-4', env.KEY].toSorted(),
    )
  })

  it('reads back as the same settings', () => {
    const { settings, origins } = load({
      files: {
        '/a.yaml': 'attendance: {stateMap: {0: null, 9: MEAL_IN}}\ndevices: [{deviceSn: A}]\nmqtt: {slot: x-3}',
      },
    })
    const again = readConfigText(printSettings(settings, origins, true), 'x', { env: {}, readFile: () => '' })
    expect(again.faults).toEqual([])
    expect(parseSettings(again.value)).toEqual(settings)
  })

  it('and a fault never show what came out of a file', () => {
    const faults = faultsOf({ files: { '/a.yaml': 'kafka: {clientId: x, headers: "${file:u}"}', '/u': 'planted-5' } })
    expect(faults).toHaveLength(1)
    expect(JSON.stringify(faults)).not.toContain('planted-5')
    expect(faults[0]?.origin).toBe('/a.yaml:1, file u')
  })
})
