import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { chartPart } from '../../../scripts/ground/fetch/chart-part.ts'
import { groundFolder, projectFolder } from '../../../scripts/ground/place.ts'

export const partFolder = join(groundFolder(), 'parts', `${chartPart.name}-${chartPart.version}`)
export const chartFolder = join(projectFolder(), 'helm')

export const helms = ['helm3', 'helm4'] as const
export type Helm = (typeof helms)[number]

/** An object as Kubernetes takes it. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // what is inside depends on the kind; the type check knows it.
  readonly [member: string]: unknown
}

export type Rendered =
  | { readonly ok: true; readonly text: string }
  /** Helm's words: a rule of the schema, or a `fail` of the chart. */
  | { readonly ok: false; readonly error: string }

/** Runs `helm template demo helm -n bridge` with these values; nothing of the machine's own Helm settings counts. */
export function render(helm: Helm, values: unknown, args: readonly string[] = []): Promise<Rendered> {
  return helmSays(
    helm,
    ['template', 'demo', chartFolder, '-n', 'bridge', '--kube-version', '1.31.0', '-f', '-', ...args],
    values,
  )
}

export async function helmSays(helm: Helm, args: readonly string[], values: unknown): Promise<Rendered> {
  const home = { HELM_CACHE_HOME: '/nonexistent', HELM_CONFIG_HOME: '/nonexistent', HELM_DATA_HOME: '/nonexistent' }
  const { code, stdout, stderr } = await runHelm(helm, args, values, home)
  return code === 0 ? { ok: true, text: stdout } : { ok: false, error: stderr }
}

export interface HelmRun {
  readonly code: number | null
  readonly stdout: string
  /** Errors, and what the API server warns about. */
  readonly stderr: string
}

/** Runs Helm with values on its standard input (`-f -`); of the environment it has the path and `env` alone. */
export function runHelm(
  helm: Helm,
  args: readonly string[],
  values: unknown,
  env: Readonly<Record<string, string>>,
): Promise<HelmRun> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', ...env }, maxBuffer: 64 << 20 }
    const child = execFile(join(partFolder, 'bin', helm), args, options, (error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr: stderr || (error?.message ?? '') })
    })
    // Helm 4.1.4 takes one line of exactly 4096 bytes for an empty file.
    child.stdin?.end(JSON.stringify(values, null, 1))
  })
}

/** The objects that Helm 4 renders. Throws when it refuses. */
export async function objectsOf(values: unknown, args: readonly string[] = []): Promise<readonly KubeObject[]> {
  const rendered = await render('helm4', values, args)
  if (!rendered.ok) throw new Error(rendered.error)
  return parseObjects(rendered.text)
}

/** Throws on YAML that is wrong, repeated keys included. */
export function parseObjects(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    const object = document.toJS() as KubeObject | null
    return object === null ? [] : [object]
  })
}

/** Values files by name: the examples users read, and the ones that are only for tests. */
export function valuesFiles(): ReadonlyMap<string, unknown> {
  const files = new Map<string, unknown>([['defaults', {}]])
  for (const folder of [join(chartFolder, 'examples'), join(projectFolder(), 'test/chart/values')]) {
    for (const name of readdirSync(folder)) files.set(name, parse(readFileSync(join(folder, name), 'utf8')))
  }
  return files
}

/** The only object of a kind whose name ends so. Throws when there is not exactly one. */
export function only(objects: readonly KubeObject[], kind: string, ending = ''): KubeObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(ending))
  if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} …${ending}`)
  return found[0]
}

/** What lies at `spec.template.spec.0.name` and the like; undefined when there is nothing. */
export function at(object: unknown, path: string): unknown {
  let value = object
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
