import { at, type KubeObject } from './helm.ts'

const fields: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy', 'spec.volumeClaimTemplates'],
  Deployment: ['spec.selector'],
  Job: ['spec.template', 'spec.selector'],
  Service: ['spec.clusterIP'],
}

/** The fields of objects that Kubernetes does not let change, as `Kind/name field` and their value as JSON. */
export function frozen(objects: readonly KubeObject[]): readonly (readonly [string, string])[] {
  return objects.flatMap((object) =>
    (fields[object.kind] ?? []).map((field): [string, string] => [
      `${object.kind}/${object.metadata.name} ${field}`,
      JSON.stringify(at(object, field) ?? null),
    ]),
  )
}
