import { setTimeout as pause } from 'node:timers/promises'
import type { ClusterApi, ClusterObject } from '../../../scripts/ground/servers/cluster-api.ts'
import { ApiRefusal } from '../../../scripts/ground/servers/cluster-api.ts'
import { at } from './helm.ts'

/** What happened to a pod, in order. `there`: how many pods of its workload were there, and how many of them ready. */
export interface PodEvent {
  readonly pod: string
  readonly uid: string
  readonly what: 'ready' | 'stopping' | 'gone'
}

const lookMs = 100

/**
 * Stands for the kubelets of some nodes: pods that the scheduler gives to them are said to run and to be ready, pods of
 * Jobs and tests to have succeeded, and pods that shall stop to be gone. No container runs. As a kubelet does, it
 * starts no pod whose volumes and variables name a ConfigMap, a Secret or a key that is not there.
 */
export class FakeNodes {
  readonly events: PodEvent[] = []
  /** Pods of which this is true run but are not ready. */
  unready: (pod: ClusterObject) => boolean = () => false
  readonly #api: ClusterApi
  readonly #said = new Map<string, PodEvent['what']>()
  #closed = false
  #looking: Promise<void> = Promise.resolve()

  private constructor(api: ClusterApi) {
    this.#api = api
  }

  /** As many nodes, in two zones in turn. */
  static async start(api: ClusterApi, count: number): Promise<FakeNodes> {
    for (let i = 0; i < count; i += 1) {
      const name = `node-${i}`
      const labels = {
        'kubernetes.io/hostname': name,
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/zone': `zone-${i % 2}`,
      }
      await api.create('/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } })
      const room = { cpu: '16', memory: '64Gi', pods: '110' }
      const conditions = [
        { type: 'Ready', status: 'True', reason: 'Fake', lastHeartbeatTime: new Date().toISOString() },
      ]
      await api.patch(`/api/v1/nodes/${name}/status`, { status: { capacity: room, allocatable: room, conditions } })
    }
    const nodes = new FakeNodes(api)
    nodes.#looking = nodes.#look()
    return nodes
  }

  /** Rejects when the API server refused what a kubelet may do. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#looking
  }

  async #look(): Promise<void> {
    while (!this.#closed) {
      for (const pod of await this.#api.list('/api/v1/pods')) {
        try {
          await this.#serve(pod)
        } catch (error) {
          // It went meanwhile, or somebody else wrote it; the next look tells.
          if (!(error instanceof ApiRefusal && (error.status === 404 || error.status === 409))) throw error
        }
      }
      await pause(lookMs)
    }
  }

  async #serve(pod: ClusterObject): Promise<void> {
    if (at(pod, 'spec.nodeName') === undefined) return
    const path = await this.#api.pathOf(pod)
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#say(pod, 'stopping')
      await this.#api.delete(path, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
      this.#say(pod, 'gone')
      return
    }
    const phase = at(pod, 'status.phase')
    if (phase === 'Succeeded') return
    if (phase === 'Pending' && !(await this.#canStart(pod))) return
    const status = statusOf(pod, !this.unready(pod))
    if (phase === status.phase && readinessOf(pod) === status.ready) return
    await this.#api.patch(`${path}/status`, { metadata: { uid: pod.metadata.uid }, status: status.written })
    if (status.ready) this.#say(pod, 'ready')
  }

  #say(pod: ClusterObject, what: PodEvent['what']): void {
    const uid = pod.metadata.uid ?? ''
    if (this.#said.get(uid) === what) return
    this.#said.set(uid, what)
    this.events.push({ pod: pod.metadata.name, uid, what })
  }

  /** Whether everything that the pod names is there. */
  async #canStart(pod: ClusterObject): Promise<boolean> {
    for (const { kind, name, keys } of namedBy(pod)) {
      const object = await this.#api
        .get(`/api/v1/namespaces/${pod.metadata.namespace}/${kind}/${name}`)
        .catch((error: unknown) => {
          if (error instanceof ApiRefusal && error.status === 404) return null
          throw error
        })
      const data = object === null ? null : ((object['data'] ?? {}) as Record<string, string>)
      if (data === null || keys.some((key) => !(key in data))) return false
    }
    return true
  }
}

interface Named {
  readonly kind: 'secrets' | 'configmaps'
  readonly name: string
  readonly keys: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

function namedBy(pod: ClusterObject): readonly Named[] {
  const named: Named[] = []
  const add = (kind: Named['kind'], name: unknown, keys: readonly unknown[] = []): void => {
    if (typeof name === 'string') named.push({ kind, name, keys: keys.map(String) })
  }
  const sources = ((at(pod, 'spec.volumes') ?? []) as Json[]).flatMap((volume) => [
    volume,
    ...((at(volume, 'projected.sources') ?? []) as Json[]),
  ])
  for (const source of sources) {
    add('configmaps', at(source, 'configMap.name'))
    add('secrets', at(source, 'secret.secretName'))
    const items = (at(source, 'secret.items') ?? []) as Json[]
    add(
      'secrets',
      at(source, 'secret.name'),
      items.map((item) => item['key']),
    )
  }
  const containers = [...((at(pod, 'spec.initContainers') ?? []) as Json[]), ...(at(pod, 'spec.containers') as Json[])]
  for (const variable of containers.flatMap((container) => (container['env'] ?? []) as Json[])) {
    add('configmaps', at(variable, 'valueFrom.configMapKeyRef.name'), [at(variable, 'valueFrom.configMapKeyRef.key')])
    add('secrets', at(variable, 'valueFrom.secretKeyRef.name'), [at(variable, 'valueFrom.secretKeyRef.key')])
  }
  return named
}

export function readinessOf(pod: ClusterObject): boolean {
  const conditions = (at(pod, 'status.conditions') ?? []) as { type: string; status: string }[]
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

function statusOf(pod: ClusterObject, ready: boolean): { phase: string; ready: boolean; written: object } {
  const ends = at(pod, 'spec.restartPolicy') !== 'Always'
  const now = new Date().toISOString()
  const phase = ends ? 'Succeeded' : 'Running'
  const state = ends
    ? { terminated: { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now } }
    : { running: { startedAt: now } }
  const containers = at(pod, 'spec.containers') as { name: string; image: string }[]
  const condition = (type: string, holds: boolean): object => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: now,
  })
  const isReady = ready && !ends
  const written = {
    phase,
    startTime: now,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', isReady),
      condition('Ready', isReady),
    ],
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: isReady,
      started: !ends,
      restartCount: 0,
      state,
    })),
  }
  return { phase, ready: isReady, written }
}
