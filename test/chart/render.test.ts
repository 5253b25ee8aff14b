import { describe, expect, it } from 'vitest'
import { allOptions } from '../../src/config/print.ts'
import { catalogue } from '../../src/records/catalogue.ts'
import { bridgeConfigOf } from './kit/bridge-config.ts'
import { existingNames } from './kit/existing.ts'
import {
  at,
  chartFolder,
  helmSays,
  helms,
  type KubeObject,
  objectsOf,
  only,
  parseObjects,
  render,
  valuesFiles,
} from './kit/helm.ts'
import { containersOf, podsOf, policyFaults } from './kit/policy.ts'
import { queryFaults } from './kit/queries.ts'
import { typeFaults } from './kit/typed.ts'

const files = [...valuesFiles()]

describe('what is rendered', () => {
  it.each(files)('%s: the same bytes under Helm 3 and Helm 4', async (_name, values) => {
    const [three, four] = await Promise.all([render('helm3', values), render('helm4', values)])
    expect(three).toEqual(four)
    expect(four.ok).toBe(true)
  })

  it.each(files)('%s: keeps the policy', async (_name, values) => {
    expect(policyFaults(await objectsOf(values), { existing: existingNames(values) })).toEqual([])
  })

  it('has the right types, resources of operators included', async () => {
    const all: KubeObject[] = []
    for (const [, values] of files) all.push(...(await objectsOf(values)))
    expect(new Set(all.map((object) => object.kind)).size).toBeGreaterThanOrEqual(15)
    expect(await typeFaults(all)).toEqual([])
  })

  it('would not have the right types with a wrong member, a wrong kind of value or an unknown kind', async () => {
    const [policy] = await objectsOf({})
    const text = JSON.stringify(await objectsOf({}))
    const wrong = parseObjects(
      JSON.stringify(JSON.parse(text.replaceAll('"containerPort":9464', '"containrPort":9464'))[7]),
    )
    expect((await typeFaults(wrong)).join()).toContain('containrPort')
    const faults = await typeFaults([
      { ...policy!, spec: { podSelector: 'all' } },
      { ...policy!, kind: 'NetworkPolice' },
    ])
    expect(faults.join('\n')).toMatch(/no types for[^]*NetworkPolicy\/.*TS2559/)
  })
})

describe('the chart', () => {
  it.each(helms)('has nothing that %s lint would say', async (helm) => {
    const said = await helmSays(
      helm,
      ['lint', '--strict', chartFolder, '-f', '-'],
      valuesFiles().get('everything.yaml'),
    )
    expect(said).toMatchObject({ ok: true, text: expect.stringContaining('0 chart(s) failed') })
  })
})

describe('a worker', () => {
  it('of ingest takes its slot from its ordinal, the others publish under ids of their own', async () => {
    const objects = await objectsOf({
      fleet: { enabled: true },
      http: { enabled: true },
      config: { mqtt: { clientIdPrefix: 'site' } },
    })
    const args = (kind: string, role: string) =>
      at(only(objects, kind, `-${role}`), 'spec.template.spec.containers.0.args') as string[]
    expect(args('StatefulSet', 'ingest').at(-1)).toBe('mqtt.slot=$(POD_NAME)')
    for (const role of ['command', 'fleet', 'http']) {
      expect(args('Deployment', role).slice(0, 3)).toEqual(['run', '--role', role])
      expect(args('Deployment', role).at(-1)).toBe('mqtt.clientIdPrefix=site-$(POD_NAME)')
    }
  })

  it('of ingest asks the others at the names of their pods, ready or not, and is told before it goes for good', async () => {
    const objects = await objectsOf({ networkPolicy: { from: { metrics: [{ namespaceSelector: {} }] } } })
    const { orphans } = bridgeConfigOf(objects)['mqtt'] as { orphans: { slots: number; peerUrl: string } }
    const [set, service] = [only(objects, 'StatefulSet'), only(objects, 'Service')]
    const { name } = set.metadata
    expect(at(set, 'spec.serviceName')).toBe(service.metadata.name)
    expect(orphans).toEqual({ slots: 16, peerUrl: `http://${name}-{slot}.${name}.bridge.svc:9464/livez` })
    expect(at(service, 'spec.publishNotReadyAddresses')).toBe(true)
    const policy = only(objects, 'NetworkPolicy')
    const peer = { podSelector: { matchLabels: at(set, 'spec.selector.matchLabels') } }
    expect(at(policy, 'spec.ingress.1.from')).toEqual([peer])
    expect((at(policy, 'spec.egress') as { to?: unknown }[]).at(-1)).toMatchObject({
      ports: [{ port: 9464 }],
      to: [peer],
    })
    expect(set.metadata).toMatchObject({
      labels: { 'grafana.com/prepare-downscale': 'true' },
      annotations: {
        'grafana.com/prepare-downscale-http-path': 'prepare-downscale',
        'grafana.com/prepare-downscale-http-port': '9464',
      },
    })
    const off = await objectsOf({ ingest: { slots: 0 } })
    expect(bridgeConfigOf(off)['mqtt']).not.toHaveProperty('orphans')
  })

  it('of fleet or http turns things on for all roles', async () => {
    expect(at(bridgeConfigOf(await objectsOf({ http: { enabled: true } })), 'fleet.enabled')).toBe(true)
    expect(at(bridgeConfigOf(await objectsOf({})), 'fleet.enabled')).toBe(undefined)
  })

  it('has ten seconds more to stop than the bridge needs', async () => {
    for (const [drainSeconds, grace] of [
      [undefined, 35],
      [100, 110],
    ] as const) {
      const values = drainSeconds === undefined ? {} : { config: { worker: { drainSeconds } } }
      const worker = only(await objectsOf(values), 'StatefulSet')
      expect(at(worker, 'spec.template.spec.terminationGracePeriodSeconds')).toBe(grace)
    }
  })

  it.each([
    ['384Mi', 60, 230],
    ['1Gi', 50, 512],
  ])('with %s and %i percent has a heap of %i MiB', async (memory, heapPercent, heap) => {
    const worker = only(await objectsOf({ ingest: { resources: { limits: { memory } }, heapPercent } }), 'StatefulSet')
    expect(JSON.stringify(worker)).toContain(`--max-old-space-size=${heap}"`)
  })

  it('is rolled when the configuration changes, and only then', async () => {
    const sum = async (values: unknown) =>
      at(only(await objectsOf(values), 'StatefulSet'), 'spec.template.metadata.annotations') as Record<string, string>
    expect(await sum({ ingest: { replicas: 5 } })).toEqual(await sum({}))
    expect(await sum({ config: { observe: { logLevel: 'warn' } } })).not.toEqual(await sum({}))
  })

  it('of a role that is off is not there', async () => {
    const text = JSON.stringify(await objectsOf({ command: { enabled: false } }))
    expect(text).not.toContain('-command')
  })

  it('is decided by CPU and by what else is named, of this release and role alone', async () => {
    const metrics = [
      { name: 'bridge_mqtt_window_used_ratio', from: 'pods', target: '800m' },
      { name: 'bridge_command_lag_seconds', from: 'external', target: '30' },
    ]
    const values = { metrics: { monitor: 'pod' }, command: { autoscaling: { mode: 'hpa', metrics } } }
    const scaler = only(await objectsOf(values), 'HorizontalPodAutoscaler')
    expect(at(scaler, 'spec.metrics')).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      {
        type: 'Pods',
        pods: {
          metric: { name: 'bridge_mqtt_window_used_ratio' },
          target: { type: 'AverageValue', averageValue: '800m' },
        },
      },
      {
        type: 'External',
        external: {
          metric: {
            name: 'bridge_command_lag_seconds',
            selector: { matchLabels: { namespace: 'bridge', release: 'demo', role: 'command' } },
          },
          target: { type: 'AverageValue', averageValue: '30' },
        },
      },
    ])
    expect(await typeFaults([scaler])).toEqual([])
  })

  it('of ingest is never scaled in by an autoscaler', async () => {
    for (const mode of ['hpa', 'keda'] as const) {
      const objects = await objectsOf({
        ingest: { autoscaling: { mode } },
        metrics: { monitor: 'pod' },
        keda: { prometheus: 'http://p:9090' },
      })
      const scaler = objects.find(
        (object) => object.kind === 'HorizontalPodAutoscaler' || object.kind === 'ScaledObject',
      )
      expect(JSON.stringify(scaler)).toContain('"scaleDown":{"selectPolicy":"Disabled"}')
    }
  })
})

describe('KEDA', () => {
  const triggersOf = async (values: object) => {
    const objects = await objectsOf({ metrics: { monitor: 'pod' }, keda: { prometheus: 'http://p:9090' }, ...values })
    const triggers = at(only(objects, 'ScaledObject'), 'spec.triggers') as { metadata: { query: string } }[]
    return triggers.map(({ metadata }) => metadata.query)
  }

  it('looks at the queues of the broker when somebody tells of them', async () => {
    const ingest = { autoscaling: { mode: 'keda' } }
    const rest = { url: 'http://emqx:18083' }
    expect((await triggersOf({ ingest })).join()).not.toContain('bridge_broker')
    const queries = await triggersOf({ ingest, config: { emqx: { rest } }, credentials: { emqx: { secret: 'key' } } })
    expect(queries).toHaveLength(3)
    expect(queries[2]).toMatch(
      /^sum\(max by \(sessions\) \(bridge_broker_queue_messages\{.*\* \(1 - max\(bridge_kafka_stalled/,
    )
    expect(queries.flatMap(queryFaults)).toEqual([])
  })
})

describe('secrets', () => {
  it('are mounted as files; the configuration only names the files', async () => {
    const objects = await objectsOf(valuesFiles().get('everything.yaml'))
    const config = bridgeConfigOf(objects)
    expect(config['mqtt']).toMatchObject({
      username: '${file:/etc/bridge/secrets/mqtt/username}',
      passwordFile: '/etc/bridge/secrets/mqtt/password',
      tls: {
        caFile: '/etc/bridge/secrets/mqtt/ca.crt',
        certFile: '/etc/bridge/secrets/mqtt/tls.crt',
        keyFile: '/etc/bridge/secrets/mqtt/tls.key',
      },
    })
    expect(at(config, 'kafka.sasl')).toEqual({
      mechanism: 'scram-sha-256',
      username: '${file:/etc/bridge/secrets/kafka/username}',
      passwordFile: '/etc/bridge/secrets/kafka/password',
    })
    expect(at(config, 'emqx.rest')).toEqual({
      url: 'https://emqx-dashboard:18084',
      apiKey: '${file:/etc/bridge/secrets/emqx/username}',
      secretFile: '/etc/bridge/secrets/emqx/password',
      tls: { caFile: '/etc/bridge/secrets/emqx/ca.crt' },
    })
    expect(at(config, 'registry.tls')).toEqual({
      certFile: '/etc/bridge/secrets/registry/tls.crt',
      keyFile: '/etc/bridge/secrets/registry/tls.key',
    })
    const pod = podsOf(only(objects, 'StatefulSet'))[0]!
    const volume = (pod.spec['volumes'] as { name: string }[]).find(({ name }) => name === 'mqtt')
    expect(at(volume, 'projected.sources')).toEqual([
      {
        secret: {
          name: 'mqtt-login',
          items: [
            { key: 'user', path: 'username' },
            { key: 'pass.word', path: 'password' },
          ],
        },
      },
      { secret: { name: 'ca', items: [{ key: 'root.pem', path: 'ca.crt' }] } },
      {
        secret: {
          name: 'mqtt-client',
          items: [
            { key: 'tls.crt', path: 'tls.crt' },
            { key: 'tls.key', path: 'tls.key' },
          ],
        },
      },
    ])
    for (const container of objects.flatMap(podsOf).flatMap(containersOf)) {
      expect(JSON.stringify(container['env'])).not.toContain('secretKeyRef')
    }
  })
})

describe('the certificate of HTTP', () => {
  it('is mounted where it is shown and where the doctor looks at it; the probes ask the port that stays plain', async () => {
    const objects = await objectsOf(valuesFiles().get('everything.yaml'))
    expect(at(bridgeConfigOf(objects), 'http.tls')).toEqual({
      certFile: '/etc/bridge/secrets/http/tls.crt',
      keyFile: '/etc/bridge/secrets/http/tls.key',
      caFile: '/etc/bridge/secrets/http/ca.crt',
    })
    const http = only(objects, 'Deployment', '-http')
    for (const pod of objects.flatMap(podsOf)) {
      const volume = (pod.spec['volumes'] as { name: string }[]).find(({ name }) => name === 'http')
      const mounts = containersOf(pod).flatMap((container) => container['volumeMounts'] as { name: string }[])
      const isHttp = ['http', 'test'].includes(String(pod.labels['app.kubernetes.io/component']))
      expect(mounts.some(({ name }) => name === 'http')).toBe(isHttp)
      if (!isHttp) expect(volume).toBeUndefined()
      else
        expect(at(volume, 'projected.sources')).toEqual([
          {
            secret: {
              name: 'http-server',
              items: [
                { key: 'chain.pem', path: 'tls.crt' },
                { key: 'tls.key', path: 'tls.key' },
              ],
            },
          },
          { secret: { name: 'http-clients', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        ])
    }
    const container = at(http, 'spec.template.spec.containers.0')
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(at(container, `${probe}.httpGet.port`)).toBe('health')
      expect(at(container, `${probe}.httpGet.scheme`) ?? 'HTTP').toBe('HTTP')
    }
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'punches')
    expect(at(service, 'spec.ports')).toEqual([{ name: 'http', port: 80, targetPort: 'http', appProtocol: 'https' }])
  })

  it('is issued for the names of the Service and those that are given', async () => {
    const tls = { issue: true, names: ['things.example.com'] }
    const values = { http: { enabled: true, tls }, certManager: { issuer: { name: 'ca' } } }
    const objects = await objectsOf(values)
    const { name } = only(objects, 'Deployment', '-http').metadata
    const service = name.replace(/-http$/, '')
    const certificate = only(objects, 'Certificate')
    expect(at(certificate, 'spec')).toMatchObject({
      secretName: `${service}-http-server`,
      dnsNames: [service, `${service}.bridge`, `${service}.bridge.svc`, 'things.example.com'],
      usages: expect.arrayContaining(['server auth']),
      issuerRef: { name: 'ca' },
    })
    expect(objects.some(({ kind, metadata }) => kind === 'Service' && metadata.name === service)).toBe(true)
    expect(at(bridgeConfigOf(objects), 'http.tls.certFile')).toBe('/etc/bridge/secrets/http/tls.crt')
    expect(policyFaults(objects, { existing: existingNames(values) })).toEqual([])
    const off = await objectsOf({ ...values, http: { enabled: false, tls } })
    expect(off.filter(({ kind }) => kind === 'Certificate')).toEqual([])
  })

  it('is none when no Secret is named', async () => {
    const objects = await objectsOf({ http: { enabled: true } })
    expect(at(bridgeConfigOf(objects), 'http')).toBeUndefined()
    expect(JSON.stringify(objects)).not.toContain('/etc/bridge/secrets/http')
  })
})

describe('a login to Kafka by token', () => {
  it('takes client id and secret from the Secret, and may ask the endpoint', async () => {
    const oauth = { tokenEndpoint: 'https://issuer:9443/token', scope: 'kafka' }
    const config = { kafka: { sasl: { mechanism: 'oauthbearer', oauth } } }
    const objects = await objectsOf({ config, credentials: { kafka: { secret: 'issuer-client' } } })
    expect(at(bridgeConfigOf(objects), 'kafka.sasl')).toEqual({
      mechanism: 'oauthbearer',
      oauth: {
        ...oauth,
        clientId: '${file:/etc/bridge/secrets/kafka/username}',
        clientSecretFile: '/etc/bridge/secrets/kafka/password',
      },
    })
    expect(JSON.stringify(at(only(objects, 'NetworkPolicy'), 'spec.egress'))).toContain('"port":9443')
  })
})

describe('the network policy', () => {
  const ports = (rules: unknown) =>
    (rules as { ports: { port: number }[] }[]).flatMap((rule) => rule.ports.map(({ port }) => port))

  it('lets out to DNS and the configured ports, and in to the metrics and HTTP ports', async () => {
    const policy = only(await objectsOf(valuesFiles().get('everything.yaml')), 'NetworkPolicy')
    expect(ports(at(policy, 'spec.egress'))).toEqual([53, 53, 8884, 18_084, 9094, 9095, 9096, 443, 9999, 18_083])
    expect(ports(at(policy, 'spec.ingress'))).toEqual([9999, 8443])
  })

  it.each([
    ['mqtt://broker', 1883],
    ['mqtts://broker', 8883],
    ['mqtts://broker:2883', 2883],
  ])('knows the port of %s', async (url, port) => {
    const policy = only(await objectsOf({ config: { mqtt: { url } } }), 'NetworkPolicy')
    expect(ports(at(policy, 'spec.egress'))[2]).toBe(port)
  })
})

describe('topics', () => {
  it('are KafkaTopics of the catalogue, under the names and numbers of the configuration', async () => {
    const topics = (await objectsOf(valuesFiles().get('everything.yaml'))).filter(
      (object) => object.kind === 'KafkaTopic',
    )
    expect(topics.length).toBe(Object.keys(catalogue).length)
    const spec = (ending: string) => at(only(topics, 'KafkaTopic', ending), 'spec')
    expect(spec('-attendance')).toMatchObject({ topicName: 'Site_A.attendance', partitions: 12, replicas: 3 })
    expect(spec('-command')).toMatchObject({ topicName: 'cams.command.v1', partitions: 24 })
    expect(spec('-shadow-requests')).toMatchObject({ topicName: `fleet.${catalogue.shadowRequests.topic}` })
  })

  it('take the version of the resource that the cluster has', async () => {
    const values = { topics: { by: 'strimzi', strimzi: { cluster: 'c' } } }
    const version = async (args: string[]) =>
      (await objectsOf(values, args)).find((object) => object.kind === 'KafkaTopic')?.apiVersion
    expect(await version([])).toBe('kafka.strimzi.io/v1beta2')
    expect(await version(['--api-versions', 'kafka.strimzi.io/v1'])).toBe('kafka.strimzi.io/v1')
  })

  it('and schemas are made by one Job whose name changes with what it runs', async () => {
    const job = async (values: unknown) => only(await objectsOf(values), 'Job')
    const first = await job({})
    expect(JSON.stringify(first)).toMatch(/"topics","apply"[^]*"schemas","register"/)
    expect((await job({ config: { kafka: { partitions: { command: 6 } } } })).metadata.name).not.toBe(
      first.metadata.name,
    )
    expect((await job({ ingest: { replicas: 4 } })).metadata.name).toBe(first.metadata.name)
    // `topics apply` fails where a topic differs, such as one with more partitions: schemas are registered all the same.
    expect(at(first, 'spec.template.spec.initContainers')).toBeUndefined()
    await expect(job({ topics: { by: 'none' }, schemas: { by: 'none' } })).rejects.toThrow('0 objects Job')
  })
})

/** Guards scripts/chart/bridge-schema.ts `fromFile`: seen to fail when a secret may be any text. */
describe('a secret', () => {
  const word = 'planted-9c41f7'
  const options = allOptions().flatMap(({ path, node }) => (node.isSecret ? [path] : []))
  const nested = (path: string, value: unknown): unknown =>
    path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)

  it.each(files)('%s: no object holds one, they are named and mounted as files', async (_name, values) => {
    const objects = await objectsOf(values)
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([])
    const config = bridgeConfigOf(objects)
    for (const path of options) expect(at(config, path) ?? '${file:none}', path).toMatch(/^\$\{file:[^}]+\}$/)
  })

  it.each([...options, 'mqtt.url', 'registry.url', 'emqx.rest.url', 'kafka.brokers', 'kafka.sasl.oauth.tokenEndpoint'])(
    'in config.%s is refused, and the refusal does not show it',
    async (path) => {
      const scheme = path === 'mqtt.url' ? 'mqtts' : 'https'
      const address = path === 'kafka.brokers' ? [`me:${word}@kafka:9092`] : `${scheme}://me:${word}@server:9000`
      for (const helm of helms) {
        const rendered = await render(helm, { config: nested(path, options.includes(path) ? word : address) })
        expect(rendered.ok, helm).toBe(false)
        if (!rendered.ok) expect(rendered.error, helm).not.toContain(word)
      }
    },
  )
})
