import { at, objectsOf, only, valuesFiles } from './helm.ts'

export interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** The alerts of the rendered PrometheusRule, with every role and certificate on. */
export async function renderedRules(): Promise<readonly Rule[]> {
  const rule = only(await objectsOf(valuesFiles().get('watched.yaml')), 'PrometheusRule')
  return at(rule, 'spec.groups.0.rules') as Rule[]
}
