import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { parseSettings } from '../../../src/config/parse.ts'

function faultsOf(partial: unknown) {
  try {
    parseSettings(partial)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

describe('parseSettings', () => {
  it('has the defaults of the specification', () => {
    const { devices, attendance, presence, deadLetter, commands, mqtt, kafka, http } = parseSettings({})
    expect(devices).toEqual([])
    expect(attendance).toEqual({
      defaultZone: 'UTC',
      stateMap: {
        0: 'CHECK_IN',
        1: 'CHECK_OUT',
        2: 'BREAK_OUT',
        3: 'BREAK_IN',
        4: 'OVERTIME_IN',
        5: 'OVERTIME_OUT',
      },
      modelStateMaps: {},
      verifyMap: {},
      attributes: [],
      optIn: { temperature: false, location: false },
      clock: {
        earliest: '2015-01-01T00:00:00.000Z',
        maxAheadSeconds: 86_400,
        aheadSeconds: 120,
        lateSeconds: 900,
      },
      limits: { payloadBytes: 262_144, depth: 16, batchItems: 1000 },
      pseudonym: { key: null, keyVersion: 1 },
    })
    expect(presence).toEqual({ attributes: [], brokerEventTopic: null, snapshot: false })
    expect(deadLetter).toEqual({ keepPayload: true, truncateBytes: 4096, redact: [] })
    expect(commands).toMatchObject({
      strictOps: false,
      replyLeaves: [],
      doorExpirySeconds: 30,
      dedupSeconds: 3600,
      rememberSeconds: 86_400,
      limits: { payloadBytes: 262_144, waitSeconds: 604_800, waitingPerDevice: 100, resultBytes: 65_536 },
    })
    expect(mqtt.group).toBe('cams-bridge')
    expect(kafka.headers).toBe('trace')
    expect(http.requestsPerMinute).toBe(0)
  })

  it('has the defaults of things', () => {
    expect(parseSettings({}).fleet).toEqual({
      enabled: false,
      maxInputsPerTransaction: 200,
      transactionTimeoutMs: 30_000,
      store: { folder: null, cacheThings: 10_000 },
      topicPrefix: 'fleet.',
      registryMode: 'strict',
      maxMessageBytes: 131_072,
      clientTokenMaxBytes: 64,
      shadow: {
        replies: true,
        delta: 'changed',
        desiredPublication: 'whole',
        getOverMqtt: false,
        maxBytes: 8192,
        maxDepth: 6,
      },
      events: { checkTime: true },
      commands: {
        lateResponse: 'record',
        maxParamsBytes: 32_768,
        defaultTtlSeconds: 30,
        maxTtlSeconds: 43_200,
        rememberHours: 24,
      },
      jobs: { firstVersion: 0, repeatedTerminal: 'accept', maxDocumentBytes: 32_768, maxStatusDetailsBytes: 8192 },
      presence: { filters: ['$SYS/brokers/+/clients/+/connected', '$SYS/brokers/+/clients/+/disconnected'] },
    })
  })

  it('merges objects and maps, and lets lists replace', () => {
    const settings = parseSettings({
      attendance: { stateMap: { 0: null, 1: 'CHECK_IN', P20: 'BREAK_OUT' }, limits: { depth: 4 } },
      fleet: { presence: { filters: ['a/+'] } },
    })
    expect(settings.attendance.stateMap).toEqual({
      1: 'CHECK_IN',
      2: 'BREAK_OUT',
      3: 'BREAK_IN',
      4: 'OVERTIME_IN',
      5: 'OVERTIME_OUT',
      P20: 'BREAK_OUT',
    })
    expect(settings.attendance.limits).toEqual({ payloadBytes: 262_144, depth: 4, batchItems: 1000 })
    expect(settings.fleet.presence.filters).toEqual(['a/+'])
  })

  it('drops entries of every map that are null', () => {
    const settings = parseSettings({
      devices: [{ deviceSn: 'A', stateMap: { 1: null, 2: 'MEAL_IN' } }],
      attendance: { modelStateMaps: { F18: { 1: null, 2: 'BREAK_IN' }, X: null }, verifyMap: { 1: null, 50: 'FACE' } },
    })
    expect(settings.devices[0]!.stateMap).toEqual({ 2: 'MEAL_IN' })
    expect(settings.attendance.modelStateMaps).toEqual({ F18: { 2: 'BREAK_IN' } })
    expect(settings.attendance.verifyMap).toEqual({ 50: 'FACE' })
  })

  it('takes null for nothing said', () => {
    expect(parseSettings({ attendance: null, mqtt: { tls: null } })).toEqual(parseSettings({}))
    const nulls = { devices: null, attendance: { defaultZone: null, stateMap: null, limits: { depth: null } } }
    expect(parseSettings(nulls)).toEqual(parseSettings({}))
    expect(parseSettings(null)).toEqual(parseSettings({}))
  })

  it('finds nothing in a map that a prototype would supply', () => {
    const { stateMap } = parseSettings({}).attendance
    expect(stateMap['constructor']).toBeUndefined()
    expect(stateMap['__proto__']).toBeUndefined()
  })

  it('reads the ordinal of a pod name', () => {
    expect(parseSettings({ mqtt: { slot: 'bridge-ingest-12' } }).mqtt.slot).toBe(12)
    expect(parseSettings({ mqtt: { slot: '7' } }).mqtt.slot).toBe(7)
    expect(faultsOf({ mqtt: { slot: 'bridge' } })[0]?.path).toBe('mqtt.slot')
  })
})

describe('a setting that cannot be', () => {
  it('is named with what is allowed', () => {
    expect(faultsOf({ kafka: { gapMs: 'fast' } })).toEqual([
      {
        path: 'kafka.gapMs',
        origin: null,
        problem: 'cannot be "fast"',
        allowed: 'a whole number from 0 to 1000',
        next: null,
      },
    ])
  })

  it('is found together with all the others', () => {
    const faults = faultsOf({
      attendance: { defaultZone: 'Nowhere', stateMap: { 9: 'CHECKIN' } },
      devices: [{ timeZone: '+05:30' }],
      mqtt: { url: 'http://x' },
      nonsense: 1,
    })
    expect(faults.map((fault) => fault.path).toSorted()).toEqual([
      'attendance.defaultZone',
      'attendance.stateMap.9',
      'devices[0].deviceSn',
      'devices[0].timeZone',
      'mqtt.url',
      'nonsense',
    ])
    expect(faults.find((fault) => fault.path === 'devices[0].deviceSn')?.problem).toBe('is missing')
    expect(faults.find((fault) => fault.path === 'attendance.stateMap.9')?.next).toBe('Did you mean CHECK_IN?')
  })

  it.each([
    ['attendence', { attendence: {} }, 'Did you mean attendance?'],
    ['mqtt.tls.cafile', { mqtt: { tls: { cafile: 'x' } } }, 'Did you mean mqtt.tls.caFile?'],
    ['defaultZone', { defaultZone: 'UTC' }, 'Did you mean attendance.defaultZone?'],
    ['devices[0].timezone', { devices: [{ deviceSn: 'A', timezone: 'UTC' }] }, 'Did you mean devices[0].timeZone?'],
    ['fleet.job', { fleet: { job: {} } }, 'Did you mean fleet.jobs?'],
  ])('unknown %s: says what was meant', (path, partial, next) => {
    expect(faultsOf(partial)).toEqual([
      { path, origin: null, problem: 'is not a setting of the bridge', allowed: null, next },
    ])
  })

  it('unknown and like nothing: says what there is', () => {
    expect(faultsOf({ fleet: { events: { zzz: 1 } } })[0]?.allowed).toBe('checkTime')
    expect(faultsOf(JSON.parse('{"__proto__": {"a": 1}}'))).toHaveLength(1)
    expect(faultsOf(JSON.parse('{"mqtt": {"constructor": 1}}'))).toHaveLength(1)
  })

  it.each([
    ['zone that only ICU knows', { attendance: { defaultZone: 'PST' } }],
    ['offset as a zone', { attendance: { defaultZone: '+05:30' } }],
    ['unknown zone of a device', { devices: [{ deviceSn: 'A', timeZone: 'Mars/Base' }] }],
    ['unknown symbol of a device', { devices: [{ deviceSn: 'A', stateMap: { 1: 'IN' } }] }],
    ['unknown symbol of a model', { attendance: { modelStateMaps: { M: { 1: 'IN' } } } }],
    ['unknown verify method', { attendance: { verifyMap: { 1: 'EAR' } } }],
    ['serial outside the pattern', { devices: [{ deviceSn: 'a/b' }] }],
    ['negative limit', { attendance: { limits: { depth: -1 } } }],
    ['fraction', { attendance: { limits: { depth: 1.5 } } }],
    ['number as text', { attendance: { limits: { depth: '16' } } }],
    ['text as a number', { kafka: { clientId: 5 } }],
    ['truth as text', { deadLetter: { keepPayload: 'true' } }],
    ['short key', { attendance: { pseudonym: { key: 'AAECAwQFBgcICQoLDA0O' } } }],
    ['key that is no Base64', { attendance: { pseudonym: { key: '!'.repeat(40) } } }],
    ['no instant', { attendance: { clock: { earliest: 'yesterday' } } }],
    ['list in place of a group', { attendance: [] }],
    ['reply leaf with another use', { commands: { replyLeaves: ['cmd'] } }],
    ['reply leaf of two levels', { commands: { replyLeaves: ['a/b'] } }],
    ['wildcard in a topic', { presence: { brokerEventTopic: 'a/#' } }],
    ['first version that is neither 0 nor 1', { fleet: { jobs: { firstVersion: 2 } } }],
    ['unknown choice', { fleet: { shadow: { delta: 'never' } } }],
    ['filter that is none', { fleet: { presence: { filters: ['a/#/b'] } } }],
    ['Kafka topic with a space', { kafka: { topics: { attendance: 'a b' } } }],
    ['credentials in an address', { mqtt: { url: 'mqtt://user:pass@host' } }],
    ['no brokers', { kafka: { brokers: [] } }],
    ['broker without a port', { kafka: { brokers: ['host'] } }],
    ['settings that are a list', []],
    ['settings that are text', 'x'],
  ])('%s', (_name, partial) => {
    expect(faultsOf(partial)).toHaveLength(1)
  })

  it.each([
    ['two topics with one name', { kafka: { topics: { presence: 'cams.attendance.v1' } } }, 'kafka.topics.presence'],
    ['two passwords', { mqtt: { password: 'a', passwordFile: 'b' } }, 'mqtt.passwordFile'],
    ['an API without a key', { emqx: { rest: { url: 'http://e:18083', secretFile: 's' } } }, 'emqx.rest.apiKey'],
    ['an API key without a secret', { emqx: { rest: { url: 'http://e:18083', apiKey: 'k' } } }, 'emqx.rest.secretFile'],
    ['an API key without an API', { emqx: { rest: { apiKey: 'k' } } }, 'emqx.rest.url'],
    [
      'a certificate for the API without a key',
      { emqx: { rest: { tls: { certFile: 'a' } } } },
      'emqx.rest.tls.keyFile',
    ],
    ['a certificate without a key', { kafka: { tls: { certFile: 'a' } } }, 'kafka.tls.keyFile'],
    ['a key without a certificate', { registry: { tls: { keyFile: 'a' } } }, 'registry.tls.certFile'],
    ['SASL without a user', { kafka: { sasl: { mechanism: 'plain' } } }, 'kafka.sasl.username'],
    [
      'a token for another mechanism',
      { kafka: { sasl: { mechanism: 'plain', username: 'u', oauth: { tokenFile: 't' } } } },
      'kafka.sasl.oauth.tokenFile',
    ],
  ])('%s', (_name, partial, path) => {
    expect(faultsOf(partial).map((fault) => fault.path)).toEqual([path])
  })

  it.each([
    ['without a token', {}, 'oauth.tokenFile'],
    ['with a password', { passwordFile: 'p', oauth: { tokenFile: 't' } }, 'passwordFile'],
    [
      'with an endpoint and no client',
      { oauth: { tokenEndpoint: 'http://i', clientSecretFile: 's' } },
      'oauth.clientId',
    ],
    [
      'with an endpoint and no secret',
      { oauth: { tokenEndpoint: 'http://i', clientId: 'c' } },
      'oauth.clientSecretFile',
    ],
    ['with a file and an endpoint', { oauth: { tokenFile: 't', tokenEndpoint: 'http://i' } }, 'oauth.tokenEndpoint'],
    ['with a file and a scope', { oauth: { tokenFile: 't', scope: 's' } }, 'oauth.scope'],
  ])('OAUTHBEARER %s', (_name, sasl, path) => {
    const faults = faultsOf({ kafka: { sasl: { mechanism: 'oauthbearer', ...sasl } } })
    expect(faults.map((fault) => fault.path)).toEqual([`kafka.sasl.${path}`])
  })

  it('queues without names, one fault for each topic level', () => {
    const faults = faultsOf({ mqtt: { mode: 'queue', queues: { evt: 'q1' } }, commands: { replyLeaves: ['rsp'] } })
    expect(faults.map((fault) => fault.path)).toEqual(['mqtt.queues.st', 'mqtt.queues.rsp'])
    expect(faultsOf({ mqtt: { mode: 'queue', queues: { evt: 'q1', st: 'q2' } } })).toEqual([])
  })

  it('is never shown when it is a secret', () => {
    for (const partial of [
      { attendance: { pseudonym: { key: 'planted-secret' } } },
      { mqtt: { password: ['planted-secret'] } },
      { kafka: { sasl: { password: { a: 'planted-secret' } } } },
      { registry: { password: 'planted-secret', passwordFile: 'x' } },
    ]) {
      const faults = faultsOf(partial)
      expect(faults.length).toBeGreaterThan(0)
      expect(new ConfigError(faults).message).not.toContain('planted-secret')
    }
  })
})
