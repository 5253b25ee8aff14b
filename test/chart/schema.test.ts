import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isMap, parseDocument, type YAMLMap } from 'yaml'
import type { JsonSchema } from '../../scripts/chart/json-schema.ts'
import { valuesSchema } from '../../scripts/chart/values-schema.ts'
import { projectFolder } from '../../scripts/ground/place.ts'
import { parseSettings } from '../../src/config/parse.ts'
import { bridgeConfigOf } from './kit/bridge-config.ts'
import { at, chartFolder, helmSays, helms, objectsOf, render, valuesFiles } from './kit/helm.ts'

describe('the generated files', () => {
  it('are what scripts/chart.ts makes of src', () => {
    execFileSync('node', ['--import', 'tsx', 'scripts/chart.ts', '--check'], { cwd: projectFolder(), stdio: 'pipe' })
  })

  it('have the version of the bridge', () => {
    const { version } = JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as { version: string }
    const chart = parseDocument(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8')).toJS() as { appVersion: string }
    expect(chart.appVersion).toBe(version)
  })
})

describe('values.yaml', () => {
  const page = parseDocument(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'))

  it('has every value of the schema, and the schema every value', () => {
    const walk = (map: YAMLMap, schema: JsonSchema, path: string): void => {
      if (schema.properties === undefined || path === '.config') return
      const written = map.items.map((item) => String(item.key))
      const optional = path.endsWith('.limits') || path.endsWith('.requests') ? ['cpu'] : []
      expect([...new Set([...written, ...optional])].sort(), path).toEqual(
        [...new Set([...Object.keys(schema.properties), ...optional])].sort(),
      )
      for (const item of map.items) {
        if (isMap(item.value))
          walk(item.value, schema.properties[String(item.key)] ?? {}, `${path}.${String(item.key)}`)
      }
    }
    walk(page.contents as YAMLMap, valuesSchema(), '')
  })
})

describe('a bad value', () => {
  const lag = { name: 'bridge_command_lag_seconds', from: 'external', target: '30' }
  const refused: readonly (readonly [key: string, values: unknown])[] = [
    ['loglevel', { config: { observe: { loglevel: 'debug' } } }],
    ['receiveMaximum', { config: { mqtt: { receiveMaximum: 70_000 } } }],
    ['compression', { config: { kafka: { compression: 'brotli' } } }],
    ['slot', { config: { mqtt: { slot: 3 } } }],
    ['slots', { config: { mqtt: { orphans: { slots: 3 } } } }],
    ['folder', { config: { fleet: { store: { folder: '/things' } } } }],
    ['sizeLimit', { fleet: { store: { sizeLimit: 'much' } } }],
    ['ingest.slots', { ingest: { replicas: 17 } }],
    ['password', { config: { mqtt: { password: 'hunter2' } } }],
    ['config.mqtt.url', { config: { mqtt: { url: 'mqtt://me:hunter2@emqx:1883' } } }],
    ['key', { config: { attendance: { pseudonym: { key: 'hunter2hunter2hunter2hunter2' } } } }],
    ['config.mqtt.url', { config: { mqtt: { url: 'emqx' } } }],
    ['config.kafka.brokers[1]', { config: { kafka: { brokers: ['a:9092', 'b'] } } }],
    ['config.worker.drainSeconds', { config: { worker: { drainSeconds: '${env:DRAIN}' } } }],
    ['config.fleet.enabled', { fleet: { enabled: true }, config: { fleet: { enabled: false } } }],
    [
      'topic attendance',
      {
        topics: { by: 'strimzi', strimzi: { cluster: 'c' } },
        config: { kafka: { topics: { attendance: '${env:T}' } } },
      },
    ],
    ['config.observe.port', { config: { observe: { port: 0 } } }],
    ['config.kafka.sasl.mechanism', { credentials: { kafka: { secret: 'login' } } }],
    ['config.mqtt.url', { tls: { mqtt: { ca: { secret: 'ca' } } } }],
    ['config.emqx.rest.url', { credentials: { emqx: { secret: 'key' } } }],
    ['credentials.emqx.secret', { config: { emqx: { rest: { url: 'http://e:18083' } } } }],
    [
      'certManager.issuer.name',
      { config: { kafka: { tls: { enabled: true } } }, tls: { kafka: { client: { issue: true } } } },
    ],
    ['config.kafka.partitions.command', { command: { replicas: 13 } }],
    ['config.kafka.partitions.thingInbox', { fleet: { enabled: true, autoscaling: { mode: 'hpa', max: 20 } } }],
    ['ingest.autoscaling.min', { ingest: { autoscaling: { mode: 'hpa', min: 9 } } }],
    ['min', { ingest: { autoscaling: { mode: 'hpa', min: 0 } } }],
    ['keda.prometheus', { ingest: { autoscaling: { mode: 'keda' } } }],
    [
      'ingest.autoscaling.mode',
      { ingest: { autoscaling: { mode: 'none', metrics: [lag] } }, metrics: { monitor: 'pod' } },
    ],
    ['metrics.monitor', { command: { autoscaling: { mode: 'hpa', metrics: [lag] } } }],
    ['name', { ingest: { autoscaling: { mode: 'hpa', metrics: [{ ...lag, name: 'http_requests' }] } } }],
    ['target', { ingest: { autoscaling: { mode: 'hpa', metrics: [{ name: lag.name, from: 'pods' }] } } }],
    ['certManager.issuer.name', { http: { enabled: true, tls: { issue: true } } }],
    ['http.tls.issue', { http: { enabled: true, tls: { names: ['things.example.com'] } } }],
    ['http.tls.secret', { http: { enabled: true, tls: { clients: { secret: 'ca' } } } }],
    ['metrics.monitor', { alerts: { enabled: true } }],
    ['alerts.disabled', { alerts: { disabled: ['BridgeAway'] } }],
    ['topics.strimzi.cluster', { topics: { by: 'strimzi' } }],
    ['enable at least one', { ingest: { enabled: false }, command: { enabled: false } }],
    ['replica', { ingest: { replica: 3 } }],
  ]

  it.each(refused)('is refused, naming %s', async (key, values) => {
    for (const helm of helms) {
      const rendered = await render(helm, values)
      expect(rendered.ok, helm).toBe(false)
      if (!rendered.ok) expect(rendered.error, helm).toContain(key)
      if (!rendered.ok) expect(rendered.error, helm).not.toContain('hunter2')
    }
  })

  it('of global is none', async () => {
    for (const helm of helms) expect((await render(helm, { global: { anything: 1 } })).ok).toBe(true)
  })
})

describe('the configuration', () => {
  it.each([...valuesFiles()])('of %s is right for the bridge, and what was given', async (_name, values) => {
    const config = bridgeConfigOf(await objectsOf(values))
    expect(() => parseSettings(withoutPlaceholders(config))).not.toThrow()
    expect(config).toMatchObject(at(values, 'config') ?? {})
  })

  it('keeps numbers, words and nulls as they are', async () => {
    const given = {
      attendance: { stateMap: { '0': null, '7': 'CHECK_IN' }, clock: { maxAheadSeconds: 3_153_600_000 } },
      mqtt: { username: 'on', group: '007' },
      deadLetter: { redact: ['yes', '1e3'] },
    }
    expect(bridgeConfigOf(await objectsOf({ config: given }))).toMatchObject(given)
  })
})

describe('the notes', () => {
  // Helm 3 wants a cluster for this.
  it('warn about what is risky, and about nothing when nothing is', async () => {
    const notes = async (values: unknown) => {
      const said = await helmSays(
        'helm4',
        ['install', 'demo', chartFolder, '-n', 'bridge', '--dry-run=client', '-f', '-'],
        values,
      )
      if (!said.ok) throw new Error(said.error)
      return said.text.slice(said.text.indexOf('NOTES:'))
    }
    const risky = await notes({
      ingest: { replicas: 1 },
      networkPolicy: { enabled: false },
      config: { mqtt: { sessionExpirySeconds: 60 } },
    })
    for (const part of [
      'mqtt.url is not',
      'kafka.tls',
      'registry.url is not',
      'no login',
      'one replica',
      'sessionExpirySeconds',
      'emqx.rest.url',
      'networkPolicy',
      'monitor',
      'digest',
    ]) {
      expect(risky).toContain(part)
    }
    expect(await notes(valuesFiles().get('production.yaml'))).not.toContain('Look at these')
  })
})

/** The files and variables that placeholders name are not here; a text stands for each. */
function withoutPlaceholders(config: unknown): unknown {
  const text = JSON.stringify(config).replaceAll(/\$\{file:[^}]*pseudonym\}/g, Buffer.alloc(16, 1).toString('base64'))
  return JSON.parse(text.replaceAll(/\$\{env:[^}:]*:-([^}]*)\}/g, '$1').replaceAll(/\$\{file:[^}]*\}/g, 'text'))
}
