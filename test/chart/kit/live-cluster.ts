import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { parse } from 'yaml'
import { chartPart } from '../../../scripts/ground/fetch/chart-part.ts'
import { ensurePart } from '../../../scripts/ground/fetch/part.ts'
import { type Ground, openGround } from '../../../scripts/ground/open-ground.ts'
import type { Cluster } from '../../../scripts/ground/servers/cluster.ts'
import type { ClusterApi, ClusterObject } from '../../../scripts/ground/servers/cluster-api.ts'
import { FakeNodes } from './fake-nodes.ts'
import { chartFolder, type Helm, type HelmRun, runHelm } from './helm.ts'

/** Why there is no cluster to be had; null when there is. Compiling one is nothing to do unasked. */
export const whyNoCluster =
  process.env['CHART_LIVE'] === '1' ? null : 'Kubernetes is only compiled and started by `make chart-live`'

/** No module and no package has Strimzi's definition, so this is ours: what its documentation says of a topic. */
const kafkaTopics: ClusterObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'kafkatopics.kafka.strimzi.io' },
  spec: {
    group: 'kafka.strimzi.io',
    scope: 'Namespaced',
    names: { kind: 'KafkaTopic', plural: 'kafkatopics', singular: 'kafkatopic' },
    versions: ['v1', 'v1beta2'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              properties: {
                topicName: { type: 'string' },
                partitions: { type: 'integer', minimum: 1 },
                replicas: { type: 'integer', minimum: 1, maximum: 32_767 },
                config: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      },
    })),
  },
}

interface Definition {
  readonly group: string
  readonly names: { readonly plural: string }
  readonly versions: readonly { readonly name: string }[]
}

/** A cluster with three nodes that are not real, the operators' resources (without operators), and Helm to use it. */
export class LiveCluster {
  readonly api: ClusterApi
  readonly nodes: FakeNodes
  readonly #ground: Ground
  readonly #env: Readonly<Record<string, string>>

  static async open(): Promise<LiveCluster> {
    await ensurePart(chartPart)
    const ground = await openGround()
    try {
      const cluster = await ground.cluster()
      await define(cluster)
      return new LiveCluster(ground, cluster, await FakeNodes.start(cluster.api, 3), await helmHome(ground))
    } catch (error) {
      await ground.close()
      throw error
    }
  }

  private constructor(ground: Ground, cluster: Cluster, nodes: FakeNodes, home: string) {
    this.#ground = ground
    this.api = cluster.api
    this.nodes = nodes
    const own = { HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home, HOME: home }
    this.#env = { ...own, KUBECONFIG: cluster.kubeconfig }
  }

  async close(): Promise<void> {
    try {
      await this.nodes.close()
    } finally {
      await this.#ground.close()
    }
  }

  /** A namespace that admits only restricted pods, and has the Secrets that values speak of (`name`: its keys). */
  async namespace(name: string, secrets: Readonly<Record<string, readonly string[]>> = {}): Promise<void> {
    const level = 'pod-security.kubernetes.io'
    const labels = { [`${level}/enforce`]: 'restricted', [`${level}/warn`]: 'restricted' }
    await this.api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
    for (const [secret, keys] of Object.entries(secrets)) {
      const stringData = Object.fromEntries(keys.map((key) => [key, 'x']))
      const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: secret, namespace: name }, stringData }
      await this.api.create(`/api/v1/namespaces/${name}/secrets`, object)
    }
  }

  /** `helm <verb> bridge …` in a namespace; install and upgrade get the chart and the values. */
  helm(
    helm: Helm,
    namespace: string,
    verb: string,
    args: readonly string[] = [],
    values: unknown = {},
  ): Promise<HelmRun> {
    const given = verb === 'install' || verb === 'upgrade' ? [chartFolder, '-f', '-'] : []
    return runHelm(helm, [verb, 'bridge', ...given, '-n', namespace, ...args], values, this.#env)
  }

  /** Pods of a role, by name. */
  async pods(namespace: string, role: string): Promise<readonly ClusterObject[]> {
    const selector = encodeURIComponent(`app.kubernetes.io/component=${role}`)
    return this.api.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)
  }

  /** Everything in a namespace that somebody can have made, as `Kind/name`; without what Kubernetes itself puts there. */
  async everythingIn(namespace: string): Promise<readonly string[]> {
    const groups = await this.api.get<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis')
    const versions = ['v1', ...groups.groups.flatMap(({ versions: [first] }) => first?.groupVersion ?? [])]
    const found: string[] = []
    for (const version of versions) {
      for (const { name, kind, namespaced, verbs } of await this.api.resources(version)) {
        if (!namespaced || !verbs.includes('list') || !verbs.includes('create')) continue
        const base = version.includes('/') ? `/apis/${version}` : `/api/${version}`
        const items = await this.api.list(`${base}/namespaces/${namespace}/${name}`)
        found.push(...items.map(({ metadata }) => `${kind}/${metadata.name}`))
      }
    }
    const own = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default'])
    // Events tell of what was.
    return [...new Set(found)].filter((each) => !own.has(each) && !each.startsWith('Event/')).sort()
  }

  /** What went wrong in a namespace by the words of controllers and scheduler. */
  async complaints(namespace: string): Promise<readonly string[]> {
    const events = await this.api.list(`/api/v1/namespaces/${namespace}/events`)
    return events
      .filter((event) => event['type'] === 'Warning')
      .map((event) => `${String(event['reason'])}: ${String(event['message'])}`)
  }
}

async function helmHome(ground: Ground): Promise<string> {
  return mkdtemp(join(ground.folder, 'helm-'))
}

/** Applies the definitions of the operators' resources, and resolves when objects of each are taken. */
async function define({ api, definitions }: Cluster): Promise<void> {
  const files = await readdir(definitions)
  const texts = await Promise.all(files.map((file) => readFile(join(definitions, file), 'utf8')))
  for (const definition of [kafkaTopics, ...texts.map((text) => parse(text) as ClusterObject)]) {
    await api.apply(definition)
    const { group, names, versions } = definition['spec'] as Definition
    const paths = versions.map(({ name }) => `/apis/${group}/${name}/${names.plural}`)
    await vi.waitFor(() => Promise.all(paths.map((path) => api.list(path))), { timeout: 60_000 })
  }
}
