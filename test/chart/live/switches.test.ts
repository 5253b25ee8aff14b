import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { at, type HelmRun, helms, valuesFiles } from '../kit/helm.ts'
import { LiveCluster, whyNoCluster } from '../kit/live-cluster.ts'

if (whyNoCluster !== null) console.warn(`No value is switched on and off: ${whyNoCluster}`)

const wait = ['--wait', '--timeout', '240s']
const fine = { code: 0, stderr: '' }
const topic = (name: string): boolean => name.startsWith('KafkaTopic/')

describe.skipIf(whyNoCluster !== null).each(helms)('with %s', (helm) => {
  let cluster: LiveCluster
  const run = (verb: string, namespace: string, args: readonly string[], values: unknown = {}): Promise<HelmRun> =>
    cluster.helm(helm, namespace, verb, args, values)
  const example = (name: string): unknown => valuesFiles().get(`${name}.yaml`)

  beforeAll(async () => {
    cluster = await LiveCluster.open()
  }, 300_000)
  afterAll(async () => {
    await cluster?.close()
  }, 60_000)

  // Guards that no object of the same name differs in a field that Kubernetes freezes.
  it('all roles, autoscalers, certificates and monitors are switched on and off again', async () => {
    const namespace = `switches-${helm}`
    const client = ['tls.crt', 'tls.key']
    await cluster.namespace(namespace, {
      'emqx-ca': ['ca.crt'],
      'kafka-ca': ['ca.crt'],
      'bridge-emqx-kafka-bridge-mqtt-client': client,
      'bridge-emqx-kafka-bridge-kafka-client': client,
      'bridge-emqx-kafka-bridge-http-server': client,
    })
    const kinds = async (): Promise<readonly string[]> =>
      (await cluster.everythingIn(namespace)).filter(
        (name) => !/^(Pod|ReplicaSet|ControllerRevision|Secret\/sh)/.test(name),
      )
    expect(await run('install', namespace, wait, example('minimal'))).toMatchObject(fine)
    const before = await kinds()
    expect(await run('upgrade', namespace, wait, example('things'))).toMatchObject(fine)
    const between = await kinds()
    for (const kind of ['ScaledObject', 'HorizontalPodAutoscaler', 'Certificate', 'ServiceMonitor', 'PrometheusRule']) {
      expect(
        between.some((name) => name.startsWith(`${kind}/`)),
        kind,
      ).toBe(true)
    }
    expect(await run('upgrade', namespace, wait, example('minimal'))).toMatchObject(fine)
    await expect.poll(kinds, { timeout: 60_000, interval: 500 }).toEqual(before)
    // The autoscaler asks for metrics, and nobody has any.
    const other = (await cluster.complaints(namespace)).filter((each) => !/^Failed(Get|Compute)\w*Metric/.test(each))
    expect(other).toEqual([])
    expect(await run('uninstall', namespace, wait)).toMatchObject(fine)
  })

  // Guards `helm.sh/resource-policy: keep` in setup.yaml.
  it('topics of Strimzi stay when the release goes', async () => {
    const namespace = `strimzi-${helm}`
    const secrets = { 'events-cluster-ca-cert': ['ca.crt'], bridge: ['user.crt', 'user.key'] }
    await cluster.namespace(namespace, secrets)
    expect(await run('install', namespace, wait, example('strimzi'))).toMatchObject(fine)
    const topics = (await cluster.everythingIn(namespace)).filter(topic)
    expect(topics.length).toBeGreaterThan(5)
    expect((await run('uninstall', namespace, wait)).code).toBe(0)
    const left = ['Secret/bridge', 'Secret/events-cluster-ca-cert', ...topics].sort()
    await expect.poll(() => cluster.everythingIn(namespace), { timeout: 60_000, interval: 500 }).toEqual(left)
    // And a second release takes them over.
    expect(await run('install', namespace, wait, example('strimzi'))).toMatchObject({ code: 0 })
  })

  it('an upgrade leaves alone how many workers an autoscaler has set', async () => {
    const namespace = `scaled-${helm}`
    await cluster.namespace(namespace)
    const autoscaling = { mode: 'hpa', min: 2, max: 6 }
    const values = { ingest: { autoscaling }, command: { autoscaling } }
    expect((await run('install', namespace, [], values)).code).toBe(0)
    const set = `/apis/apps/v1/namespaces/${namespace}/statefulsets/bridge-emqx-kafka-bridge-ingest`
    await cluster.api.patch(`${set}/scale`, { spec: { replicas: 5 } })
    const changed = { ...values, config: { observe: { logLevel: 'warn' } } }
    expect((await run('upgrade', namespace, wait, changed)).code).toBe(0)
    expect(at(await cluster.api.get(set), 'spec.replicas')).toBe(5)
  })

  // What docs/upgrade.md warns of: Helm takes `replicas` away, and Kubernetes reads that as one.
  it('an autoscaler that is switched on finds one worker, and sets its least number', async () => {
    const namespace = `autoscaled-${helm}`
    await cluster.namespace(namespace)
    expect((await run('install', namespace, wait, { ingest: { replicas: 4 } })).code).toBe(0)
    const set = `/apis/apps/v1/namespaces/${namespace}/statefulsets/bridge-emqx-kafka-bridge-ingest`
    const from = cluster.nodes.events.length
    const values = { ingest: { autoscaling: { mode: 'hpa', min: 4, max: 6 } } }
    expect((await run('upgrade', namespace, [], values)).code).toBe(0)
    const pods = async (): Promise<readonly number[]> => {
      const there = (await cluster.pods(namespace, 'ingest')).length
      return [there, Number(at(await cluster.api.get(set), 'spec.replicas'))]
    }
    await expect.poll(pods, { timeout: 90_000 }).toEqual([4, 4])
    const gone = cluster.nodes.events.slice(from).filter(({ what }) => what === 'gone')
    expect(gone.map(({ pod }) => pod.slice(-1)).sort()).toEqual(expect.arrayContaining(['1', '2', '3']))
  })
})
