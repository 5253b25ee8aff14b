import { at, type KubeObject } from './helm.ts'

type Json = Readonly<Record<string, unknown>>

/** A pod, wherever it is described. */
interface Pod {
  readonly where: string
  readonly labels: Json
  readonly spec: Json
}

interface Given {
  /** Names of Secrets, ConfigMaps and ServiceAccounts that the values say exist. */
  readonly existing: ReadonlySet<string>
}

/**
 * What is against the rules: the restricted Pod Security Standard with a read-only root, resources, images, names that
 * point to nothing, selectors that choose nothing. One sentence each.
 */
export function policyFaults(objects: readonly KubeObject[], given: Given): readonly string[] {
  const pods = objects.flatMap(podsOf)
  return [
    ...pods.flatMap((pod) => podFaults(pod)),
    ...pods.flatMap((pod) => referenceFaults(pod, objects, given)),
    ...objects.flatMap((object) => targetFaults(object, objects, pods)),
    ...repeatedNames(objects),
  ]
}

export function podsOf(object: KubeObject): readonly Pod[] {
  const where = `${object.kind}/${object.metadata.name}`
  if (object.kind === 'Pod') return [{ where, labels: object.metadata.labels ?? {}, spec: object['spec'] as Json }]
  const template = at(object, 'spec.template') as Json | undefined
  if (template === undefined) return []
  return [{ where, labels: (at(template, 'metadata.labels') ?? {}) as Json, spec: template['spec'] as Json }]
}

export function containersOf({ spec }: Pod): readonly Json[] {
  return [...((spec['initContainers'] ?? []) as Json[]), ...((spec['containers'] ?? []) as Json[])]
}

function podFaults(pod: Pod): readonly string[] {
  const { spec } = pod
  const faults: string[] = []
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) faults.push(`${pod.where}: ${sentence}`)
  }
  must(at(spec, 'securityContext.runAsNonRoot') === true, 'may run as root')
  must(Number(at(spec, 'securityContext.runAsUser')) > 0, 'has no user id')
  must(at(spec, 'securityContext.seccompProfile.type') === 'RuntimeDefault', 'has no seccomp profile')
  must(spec['automountServiceAccountToken'] === false, 'mounts a token')
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) must(!spec[key], `has ${key}`)
  const volumes = (spec['volumes'] ?? []) as Json[]
  const allowed = new Set([
    'configMap',
    'emptyDir',
    'projected',
    'secret',
    'persistentVolumeClaim',
    'csi',
    'downwardAPI',
    'ephemeral',
  ])
  for (const { name, ...sources } of volumes) {
    must(
      Object.keys(sources).every((kind) => allowed.has(kind)),
      `has the forbidden volume ${String(name)}`,
    )
    if (sources['emptyDir'] !== undefined)
      must(at(sources, 'emptyDir.sizeLimit') !== undefined, `${String(name)} has no size`)
  }
  for (const container of containersOf(pod)) {
    const name = String(container['name'])
    const security = container['securityContext']
    must(at(security, 'allowPrivilegeEscalation') === false, `${name} may escalate`)
    must(at(security, 'readOnlyRootFilesystem') === true, `${name} may write to its root`)
    must(JSON.stringify(at(security, 'capabilities')) === '{"drop":["ALL"]}', `${name} has capabilities`)
    must(!at(security, 'privileged'), `${name} is privileged`)
    for (const path of ['requests.cpu', 'requests.memory', 'limits.memory']) {
      must(at(container, `resources.${path}`) !== undefined, `${name} has no resources.${path}`)
    }
    const image = String(container['image'])
    must(/[:@][^/]+$/.test(image) && !image.includes(':latest'), `${name} has an image without a version: ${image}`)
    const env = (container['env'] ?? []) as Json[]
    must(new Set(env.map((one) => one['name'])).size === env.length, `${name} has a variable twice`)
    must(
      !env.some((one) => /PASS|SECRET|TOKEN/i.test(String(one['name'])) && one['value'] !== undefined),
      `${name} has a secret in a variable`,
    )
    const heap = /--max-old-space-size=(\d+)/.exec(String(env.find((one) => one['name'] === 'NODE_OPTIONS')?.['value']))
    must(Number(heap?.[1]) >= 16, `${name} does not limit its heap`)
    const mounts = ((container['volumeMounts'] ?? []) as Json[]).map((mount) => mount['name'])
    must(
      mounts.every((mount) => volumes.some((volume) => volume['name'] === mount)),
      `${name} mounts what is not there`,
    )
    must(
      ((container['volumeMounts'] ?? []) as Json[]).every((mount) => mount['subPath'] === undefined),
      `${name} has a subPath`,
    )
    const ports = new Set(((container['ports'] ?? []) as Json[]).map((port) => port['name']))
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const port = at(container, `${probe}.httpGet.port`)
      must(port === undefined || ports.has(port), `${name}: ${probe} asks the unknown port ${String(port)}`)
    }
  }
  return faults
}

/** Every Secret, ConfigMap and account that a pod names is rendered, or the values say that it exists. */
function referenceFaults(pod: Pod, objects: readonly KubeObject[], { existing }: Given): readonly string[] {
  const rendered = new Set(objects.map((object) => `${object.kind}/${object.metadata.name}`))
  for (const object of objects) {
    const made = at(object, 'spec.secretName')
    if (object.kind === 'Certificate') rendered.add(`Secret/${String(made)}`)
  }
  const names: (readonly [string, unknown])[] = [['ServiceAccount', pod.spec['serviceAccountName']]]
  for (const volume of (pod.spec['volumes'] ?? []) as Json[]) {
    names.push(['ConfigMap', at(volume, 'configMap.name')], ['Secret', at(volume, 'secret.secretName')])
    for (const source of (at(volume, 'projected.sources') ?? []) as Json[])
      names.push(['Secret', at(source, 'secret.name')])
  }
  return names.flatMap(([kind, name]) => {
    if (name === undefined) return []
    if (typeof name === 'string' && (rendered.has(`${kind}/${name}`) || existing.has(name))) return []
    return [`${pod.where}: names ${kind}/${JSON.stringify(name)}, which is not there`]
  })
}

/** Selectors choose a pod, scale targets exist, monitors find their port. */
function targetFaults(object: KubeObject, objects: readonly KubeObject[], pods: readonly Pod[]): readonly string[] {
  const where = `${object.kind}/${object.metadata.name}`
  const faults: string[] = []
  const chosen = (selector: unknown): readonly Pod[] => {
    const wanted = Object.entries((selector ?? {}) as Json)
    return wanted.length === 0
      ? []
      : pods.filter(({ labels }) => wanted.every(([name, value]) => labels[name] === value))
  }
  const targetRef = at(object, 'spec.scaleTargetRef') as Json | undefined
  if (targetRef !== undefined) {
    const target = objects.find((one) => one.kind === targetRef['kind'] && one.metadata.name === targetRef['name'])
    if (target === undefined) faults.push(`${where}: scales what is not there`)
    else if (at(target, 'spec.replicas') !== undefined) faults.push(`${where}: its target sets replicas too`)
    const least = at(object, 'spec.minReplicas') ?? at(object, 'spec.minReplicaCount')
    if (Number(least) < 1) faults.push(`${where}: may scale to nothing`)
  }
  if (object.kind === 'Service') {
    const found = chosen(at(object, 'spec.selector'))
    if (found.length === 0) faults.push(`${where}: chooses no pod`)
    for (const port of at(object, 'spec.ports') as Json[]) {
      const has = (pod: Pod) =>
        containersOf(pod).some((one) =>
          ((one['ports'] ?? []) as Json[]).some(({ name }) => name === port['targetPort']),
        )
      if (!found.every(has)) faults.push(`${where}: its port ${String(port['name'])} is not there`)
    }
  }
  if (
    object.kind === 'StatefulSet' ||
    object.kind === 'Deployment' ||
    object.kind === 'PodDisruptionBudget' ||
    object.kind === 'NetworkPolicy'
  ) {
    const selector = at(
      object,
      object.kind === 'NetworkPolicy' ? 'spec.podSelector.matchLabels' : 'spec.selector.matchLabels',
    )
    const found = chosen(selector)
    if (found.length === 0) faults.push(`${where}: chooses no pod`)
    if (object.kind !== 'NetworkPolicy' && new Set(found.map((pod) => pod.where)).size > 1)
      faults.push(`${where}: chooses pods of others`)
  }
  if (
    object.kind === 'StatefulSet' &&
    !objects.some((one) => one.kind === 'Service' && one.metadata.name === at(object, 'spec.serviceName'))
  ) {
    faults.push(`${where}: its serviceName is not there`)
  }
  return faults
}

function repeatedNames(objects: readonly KubeObject[]): readonly string[] {
  const seen = new Set<string>()
  return objects.flatMap((object) => {
    const id = `${object.kind}/${object.metadata.name}`
    const faults = seen.has(id) ? [`${id}: there are two`] : []
    seen.add(id)
    if (object.metadata.namespace !== 'bridge') faults.push(`${id}: has no namespace`)
    if (object.metadata.name.length > 63) faults.push(`${id}: its name is too long`)
    return faults
  })
}
