import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiRefusal, type ClusterObject } from '../../../scripts/ground/servers/cluster-api.ts'
import { type PodEvent, readinessOf } from '../kit/fake-nodes.ts'
import { at, type HelmRun, helms, valuesFiles } from '../kit/helm.ts'
import { LiveCluster, whyNoCluster } from '../kit/live-cluster.ts'

if (whyNoCluster !== null) console.warn(`The chart is not installed: ${whyNoCluster}`)

const login = ['username', 'password']
/** What production.yaml says exists. */
const secrets = {
  'bridge-mqtt': login,
  'bridge-emqx-api': login,
  'bridge-kafka': login,
  'bridge-registry': login,
  'company-ca': ['ca.crt'],
}
const secretNames = Object.keys(secrets).map((name) => `Secret/${name}`)
const production = valuesFiles().get('production.yaml') as { readonly config: Readonly<Record<string, unknown>> }
const wait = ['--wait', '--timeout', '240s']
const fine = { code: 0, stderr: '' }
const ingest = 'bridge-emqx-kafka-bridge-ingest'

describe.skipIf(whyNoCluster !== null).each(helms)('a release by %s', (helm) => {
  const namespace = `release-${helm}`
  let cluster: LiveCluster

  beforeAll(async () => {
    cluster = await LiveCluster.open()
    await cluster.namespace(namespace, secrets)
  }, 300_000)
  afterAll(async () => {
    await cluster?.close()
  }, 60_000)

  const run = (verb: string, args: readonly string[] = [], values: unknown = {}): Promise<HelmRun> =>
    cluster.helm(helm, namespace, verb, args, values)
  const ready = async (role: string): Promise<number> =>
    (await cluster.pods(namespace, role)).filter(readinessOf).length
  /** What happened to the pods of a role while something was done. */
  const during = async (role: string, work: () => Promise<void>): Promise<readonly PodEvent[]> => {
    const from = cluster.nodes.events.length
    await work()
    return cluster.nodes.events.slice(from).filter(({ pod }) => pod.includes(`-${role}-`))
  }
  const images = async (role: string): Promise<readonly unknown[]> => [
    ...new Set((await cluster.pods(namespace, role)).map((pod) => at(pod, 'spec.containers.0.image'))),
  ]

  it('is refused with a wrong key deep in the configuration, which is named, and nothing is made', async () => {
    const { code, stderr } = await run('install', [], { config: { observe: { loglevel: 'debug' } } })
    expect(code).not.toBe(0)
    expect(stderr).toContain('loglevel')
    expect(await cluster.everythingIn(namespace)).toEqual(secretNames.sort())
  })

  // The nodes here run no probe: they say which pod is ready. That Helm waits for it is what is seen.
  it('is not done while a worker is not ready', async () => {
    const other = `unready-${helm}`
    await cluster.namespace(other, secrets)
    cluster.nodes.unready = (pod) => pod.metadata.name === `${ingest}-1`
    const { code, stderr } = await cluster.helm(helm, other, 'install', ['--wait', '--timeout', '30s'], production)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/deadline exceeded|timed out|not ready/)
    const ready = async (): Promise<number> => (await cluster.pods(other, 'ingest')).filter(readinessOf).length
    await expect.poll(ready, { timeout: 30_000 }).toBe(2)
    cluster.nodes.unready = () => false
    expect(await cluster.helm(helm, other, 'uninstall', wait)).toMatchObject(fine)
  })

  // Guards bridge.podSettings and bridge.container: the namespace admits restricted pods alone.
  it('is installed, and every pod is admitted and becomes ready', async () => {
    expect(await run('install', wait, production)).toMatchObject(fine)
    expect([await ready('ingest'), await ready('command')]).toEqual([3, 2])
    await expect
      .poll(async () => (await cluster.pods(namespace, 'setup')).map((pod) => at(pod, 'status.phase')))
      .toEqual(['Succeeded'])
    expect(await cluster.complaints(namespace)).toEqual([])
    expect(await run('test')).toMatchObject(fine)
  })

  // Guards the update strategies in workers.yaml, and minReadySeconds.
  it('is upgraded one pod after the other, ingest from the highest ordinal down', async () => {
    const values = {
      ...production,
      image: { repository: 'images.example.com/other', tag: '0.2.0' },
      config: { ...production.config, worker: { drainSeconds: 40 } },
      ingest: { replicas: 3, slots: 8 },
    }
    const from = cluster.nodes.events.length
    const moved = await during('ingest', async () => expect(await run('upgrade', wait, values)).toMatchObject(fine))
    expect(moved.map(({ pod, what }) => `${pod.slice(-1)} ${what}`)).toEqual(
      ['2', '1', '0'].flatMap((ordinal) => [`${ordinal} stopping`, `${ordinal} gone`, `${ordinal} ready`]),
    )
    const commands = cluster.nodes.events.slice(from).filter(({ pod }) => pod.includes('-command-'))
    expect(counts(commands, 2)).toEqual({ least: 1, most: 2, last: 2 })
    expect(await images('ingest')).toEqual(['images.example.com/other:0.2.0'])
    expect(await images('command')).toEqual(['images.example.com/other:0.2.0'])
    expect(await cluster.complaints(namespace)).toEqual([])
  })

  it('is rolled back', async () => {
    const moved = await during('ingest', async () => expect(await run('rollback', ['1', ...wait])).toMatchObject(fine))
    expect(moved.filter(({ what }) => what === 'ready').map(({ pod }) => pod.slice(-1))).toEqual(['2', '1', '0'])
    expect(await images('ingest')).toEqual([expect.stringContaining('images.example.com/emqx-kafka-bridge:')])
    const config = await cluster.api.get(`/api/v1/namespaces/${namespace}/configmaps/bridge-emqx-kafka-bridge`)
    expect(JSON.stringify(at(config, 'data'))).not.toContain('drainSeconds')
    expect(await cluster.complaints(namespace)).toEqual([])
  })

  // Guards `maxUnavailable: 1` and `unhealthyPodEvictionPolicy: AlwaysAllow`.
  it('lets one ready pod of a role be evicted at a time, and one that is not ready always', async () => {
    await expect.poll(() => ready('ingest')).toBe(3)
    const budget = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/${ingest}`
    await expect
      .poll(async () => at(await cluster.api.get(budget), 'status.disruptionsAllowed'), { timeout: 30_000 })
      .toBe(1)
    const [first, second, third] = await cluster.pods(namespace, 'ingest')
    await evict(cluster, first)
    await expect(evict(cluster, second)).rejects.toThrow('disruption budget')
    await expect.poll(() => ready('ingest'), { timeout: 30_000 }).toBe(3)
    cluster.nodes.unready = (pod) => pod.metadata.name.startsWith(ingest)
    await expect.poll(() => ready('ingest')).toBe(0)
    await evict(cluster, second)
    await evict(cluster, third)
    cluster.nodes.unready = () => false
    await expect.poll(() => ready('ingest'), { timeout: 30_000 }).toBe(3)
  })

  it('is uninstalled, and leaves what was there before, and the pod of the last helm test', async () => {
    expect(await run('uninstall', wait)).toMatchObject(fine)
    await expect
      .poll(() => cluster.everythingIn(namespace), { timeout: 60_000, interval: 500 })
      .toEqual(['Pod/bridge-emqx-kafka-bridge-test', ...secretNames].sort())
  })
})

async function evict(cluster: LiveCluster, pod: ClusterObject | undefined): Promise<void> {
  if (pod === undefined) throw new ApiRefusal(404, 'there is no pod to evict')
  const { name, namespace } = pod.metadata
  await cluster.api.create(`/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
  })
}

/** How many pods were ready at a time, when `before` were at the start. */
function counts(events: readonly PodEvent[], before: number): { least: number; most: number; last: number } {
  let now = before
  let least = before
  let most = before
  for (const { what } of events) {
    if (what === 'ready') now += 1
    if (what === 'stopping') now -= 1
    least = Math.min(least, now)
    most = Math.max(most, now)
  }
  return { least, most, last: now }
}
