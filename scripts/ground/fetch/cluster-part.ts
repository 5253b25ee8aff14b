import { copyFile, cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { groundScripts } from '../place.ts'
import type { Part } from './part.ts'
import { go } from './prerequisites.ts'
import { runCommand } from './run-command.ts'

/** The go.mod beside main.go names the modules of this version. */
const kubernetes = '1.35.4'

/** Definitions of the operators' resources that the chart can render, as their own modules carry them. */
const definitions = [
  {
    module: 'github.com/kedacore/keda/v2@v2.21.0',
    folder: 'config/crd/bases',
    files: ['keda.sh_scaledobjects.yaml'],
  },
  {
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    folder: 'deploy/crds',
    files: ['cert-manager.io_certificates.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
    files: [
      'monitoring.coreos.com_podmonitors.yaml',
      'monitoring.coreos.com_servicemonitors.yaml',
      'monitoring.coreos.com_prometheusrules.yaml',
    ],
  },
] as const

const next = 'see whether go reaches its module proxy (go env GOPROXY), then run this again'

/** A Kubernetes without machines, built of Kubernetes' own modules; go.sum says what they must be. */
export const clusterPart: Part = {
  name: 'cluster',
  version: kubernetes,
  about: '122 MB; Kubernetes is compiled: twelve minutes of processor time, and 4 GB in the caches of go',
  needs: [go],
  fetch: async (folder) => {
    const source = join(folder, 'source')
    await cp(join(groundScripts(), 'go/cluster'), source, { recursive: true })
    // What a release of Kubernetes sets, too: else the API server says that it is v0.0.0.
    const [major, minor] = kubernetes.split('.')
    const version = { gitVersion: `v${kubernetes}`, gitMajor: major, gitMinor: minor }
    const set = Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    const flags = ['-trimpath', '-buildvcs=false', '-mod=readonly', `-ldflags=-s -w ${set.join(' ')}`]
    await runCommand('go', ['build', ...flags, '-o', join(folder, 'bin/cluster'), '.'], { cwd: source, next })
    await rm(source, { recursive: true })
    await mkdir(join(folder, 'definitions'))
    for (const { module, folder: inside, files } of definitions) {
      const { Dir } = JSON.parse(
        await runCommand('go', ['mod', 'download', '-json', module], { cwd: folder, next }),
      ) as {
        Dir: string
      }
      for (const file of files) await copyFile(join(Dir, inside, file), join(folder, 'definitions', file))
    }
  },
  pins: {
    'definitions/keda.sh_scaledobjects.yaml': 'af35555862a83933b074af14ad439c4b4ceabaf4daa3e9338e9b23e36d308d80',
    'definitions/cert-manager.io_certificates.yaml': '7ad91029c00ec959d54215b19d3b1a9b7e0247eaa60f987151c2b70d8661f8af',
    'definitions/monitoring.coreos.com_podmonitors.yaml':
      '8ce88c52c51209993511cae093089c9525f5552def88119e3f559123ee9d454b',
    'definitions/monitoring.coreos.com_servicemonitors.yaml':
      '1dae27b7189b5ce7b9ab764656c18b4c75a45cde1e6f3af6a5e84c4317628919',
    'definitions/monitoring.coreos.com_prometheusrules.yaml':
      '98fd16c9ab79fba8dcd6ef62c957c98cd6546ab74ce0a4ecf09ddf2fda03020e',
  },
}
