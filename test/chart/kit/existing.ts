import { at } from './helm.ts'

/** Names that these values say exist already: Secrets, the service account, what further volumes mount. */
export function existingNames(values: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  const add = (name: unknown): void => {
    if (typeof name === 'string' && name !== '') names.add(name)
  }
  for (const place of ['mqtt', 'emqx', 'kafka', 'registry']) {
    add(at(values, `credentials.${place}.secret`))
    add(at(values, `tls.${place}.ca.secret`))
    add(at(values, `tls.${place}.client.secret`))
  }
  add(at(values, 'http.tls.secret'))
  add(at(values, 'http.tls.clients.secret'))
  add(at(values, 'serviceAccount.name'))
  for (const volume of (at(values, 'pod.volumes') ?? []) as unknown[]) add(at(volume, 'secret.secretName'))
  return names
}
