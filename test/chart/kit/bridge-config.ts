import { parse } from 'yaml'
import { at, type KubeObject } from './helm.ts'

/** bridge.yaml of the rendered ConfigMap. Throws when there is none. */
export function bridgeConfigOf(objects: readonly KubeObject[]): Readonly<Record<string, unknown>> {
  for (const object of objects) {
    const data = at(object, 'data')
    if (object.kind !== 'ConfigMap' || typeof data !== 'object' || data === null || !('bridge.yaml' in data)) continue
    return parse(String(data['bridge.yaml'])) as Readonly<Record<string, unknown>>
  }
  throw new Error('no bridge.yaml is rendered')
}
