import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { at, type KubeObject, objectsOf, only, valuesFiles } from '../kit/helm.ts'
import { LiveCluster, whyNoCluster } from '../kit/live-cluster.ts'

if (whyNoCluster !== null) console.warn(`No object is shown to an API server: ${whyNoCluster}`)

/** Where `objectsOf` puts what it renders. */
const namespace = 'bridge'
const newest = ['--kube-version', '1.35.4', '--api-versions', 'kafka.strimzi.io/v1']

describe.skipIf(whyNoCluster !== null)('a real API server', () => {
  let cluster: LiveCluster
  const asked = async (object: KubeObject): Promise<readonly string[]> => cluster.api.apply(object, { dryRun: true })

  beforeAll(async () => {
    cluster = await LiveCluster.open()
    await cluster.namespace(namespace)
    const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 10 }
    await cluster.api.apply(high)
  }, 300_000)
  afterAll(async () => {
    await cluster?.close()
  }, 60_000)

  // Guards the whole of helm/templates: a field that does not exist, a value that is refused, a pod that is not restricted.
  it.each([...valuesFiles()])('takes every object of %s, and warns of none', async (_name, values) => {
    const objects = [...(await objectsOf(values)), ...(await objectsOf(values, newest))]
    for (const pod of objects.filter(({ kind }) => kind === 'Pod')) {
      // A pod is only admitted when its account is there.
      const name = String(at(pod, 'spec.serviceAccountName'))
      await cluster.api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } })
    }
    for (const object of objects) expect(await asked(object), `${object.kind}/${object.metadata.name}`).toEqual([])
    expect(objects.length).toBeGreaterThan(10)
  })

  it('would refuse a wrong field and a wrong value, and warn of a pod that is not restricted', async () => {
    const objects = await objectsOf({})
    const broken = (kind: string, from: string, to: string): KubeObject => {
      const text = JSON.stringify(only(objects, kind))
      expect(text).toContain(from)
      return JSON.parse(text.replace(from, to)) as KubeObject
    }
    await expect(asked(broken('StatefulSet', '"minReadySeconds"', '"minimumReadySeconds"'))).rejects.toThrow(
      'minimumReadySeconds',
    )
    await expect(asked(broken('NetworkPolicy', '"port":53', '"port":70000'))).rejects.toThrow('65535')
    expect(
      await asked(broken('StatefulSet', '"allowPrivilegeEscalation":false', '"allowPrivilegeEscalation":true')),
    ).toEqual([expect.stringContaining('would violate PodSecurity')])
  })
})
