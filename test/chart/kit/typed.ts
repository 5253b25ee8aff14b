import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder } from '../../../scripts/ground/place.ts'
import { type KubeObject, partFolder } from './helm.ts'

const operators: Readonly<Record<string, string>> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'cert-manager.io': '@kubernetes-models/cert-manager',
}

/** No package has the types of Strimzi. */
const kafkaTopic = `interface IKafkaTopic {
  apiVersion: 'kafka.strimzi.io/v1' | 'kafka.strimzi.io/v1beta2'
  kind: 'KafkaTopic'
  metadata: { name: string; namespace: string; labels: { [name: string]: string }; annotations?: { [name: string]: string } }
  spec: { topicName: string; partitions: number; replicas?: number; config: { [name: string]: string | number } }
}\n`

/**
 * What the TypeScript compiler finds wrong with the objects, written as literals of their types: unknown members, wrong
 * kinds of values, missing members. An object of an unknown kind is a fault too.
 */
export async function typeFaults(objects: readonly KubeObject[]): Promise<readonly string[]> {
  const faults: string[] = []
  const lines: string[] = [kafkaTopic]
  const seen = new Set<string>()
  for (const object of objects) {
    const literal = JSON.stringify(object)
    if (seen.has(literal)) continue
    seen.add(literal)
    const name = `${object.kind}/${object.metadata.name}`
    const module = object.kind === 'KafkaTopic' ? '' : moduleOf(object)
    if (module === null) {
      faults.push(`${name}: no types for ${object.apiVersion}`)
      continue
    }
    const type = module === '' ? 'IKafkaTopic' : `import('${module}').I${object.kind}`
    lines.push(`/* ${name} */ (${literal}) satisfies ${type};`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'chart-types-'))
  try {
    await symlink(join(partFolder, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'rendered.ts'), `export {}\n${lines.join('\n')}\n`)
    return [...faults, ...(await compilerFaults(folder, lines))]
  } finally {
    await rm(folder, { recursive: true })
  }
}

function moduleOf({ apiVersion, kind }: KubeObject): string | null {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const own = !group.includes('.') || group.endsWith('.k8s.io')
  const start = own ? 'kubernetes-models' : operators[group]
  const module = `${start}/${group === '' ? '' : `${group}/`}${version}/${kind}`
  return start !== undefined && existsSync(join(partFolder, 'node_modules', `${module}.d.ts`)) ? module : null
}

function compilerFaults(folder: string, lines: readonly string[]): Promise<readonly string[]> {
  const tsc = join(projectFolder(), 'node_modules/.bin/tsc')
  const options =
    '--noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext --target es2022 --types'
  return new Promise((resolve, reject) => {
    execFile(
      tsc,
      [...options.split(' '), '', 'rendered.ts'],
      { cwd: folder, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve([])
        if (!stdout.includes('rendered.ts(')) return reject(new Error(stderr || stdout || error.message))
        resolve(
          stdout.split('\n').flatMap((line) => {
            const [, number, says] = /^rendered\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? []
            if (number === undefined) return []
            const about = /^\/\* (.*?) \*\//.exec(lines.join('\n').split('\n')[Number(number) - 2] ?? '')?.[1]
            return [`${about}: ${says}`]
          }),
        )
      },
    )
  })
}
