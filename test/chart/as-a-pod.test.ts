import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { projectFolder } from '../../scripts/ground/place.ts'
import { bridgeConfigOf } from './kit/bridge-config.ts'
import { at, type KubeObject, objectsOf, only, valuesFiles } from './kit/helm.ts'

interface Volume {
  readonly name: string
  readonly projected?: {
    readonly sources: readonly { readonly secret: { readonly items: readonly { path: string }[] } }[]
  }
}

/** The files of a pod under a folder in place of /etc/bridge; each secret says where it came from. */
let folder = ''
let objects: readonly KubeObject[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chart-pod-'))
  objects = await objectsOf(valuesFiles().get('everything.yaml'))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write('config/bridge.yaml', stringify(bridgeConfigOf(objects)).replaceAll('/etc/bridge/', `${folder}/`))
  write('key/pseudonym', Buffer.alloc(16, 7).toString('base64'))
  const ofIngest = at(only(objects, 'StatefulSet'), 'spec.template.spec.volumes') as Volume[]
  const ofTheDoctor = at(only(objects, 'Pod', '-test'), 'spec.volumes') as Volume[]
  for (const { name, projected } of [...ofIngest, ...ofTheDoctor]) {
    for (const { secret } of projected?.sources ?? []) {
      for (const { path } of secret.items) write(`secrets/${name}/${path}`, `${name} ${path}\n`)
    }
  }
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** What the bridge itself makes of the arguments and files of a container, with the name that Kubernetes gives the pod. */
function settingsOf(kind: string, ending: string, podName: string): unknown {
  const args = at(only(objects, kind, ending), 'spec.template.spec.containers.0.args') as readonly string[]
  const [command, role, ...rest] = args
  expect([command, role]).toEqual(['run', '--role'])
  const options = rest.slice(1).map((arg) => arg.replace('$(POD_NAME)', podName).replace('/etc/bridge/', `${folder}/`))
  const print = ['--import', 'tsx', 'src/main.ts', 'config', 'print', ...options]
  const env = { ...process.env, REGISTER: 'register' }
  return parse(execFileSync('node', print, { cwd: projectFolder(), env, encoding: 'utf8', stdio: 'pipe' }))
}

describe('the bridge, started as a pod starts it', () => {
  it('takes its slot from the ordinal, and finds its secrets', () => {
    const settings = settingsOf('StatefulSet', '-ingest', 'punches-ingest-11')
    expect(at(settings, 'mqtt')).toMatchObject({
      slot: 11,
      clientIdPrefix: 'site-a',
      passwordFile: `${folder}/secrets/mqtt/password`,
    })
    expect(at(settings, 'fleet.enabled')).toBe(true)
    expect(at(settings, 'registry.register')).toBe('register')
    // Printed, a secret is no secret.
    expect(JSON.stringify(settings)).not.toContain('mqtt username')
  })

  it('has client ids of its own when it only publishes', () => {
    const settings = settingsOf('Deployment', '-command', 'punches-command-5d9c7-x2x7l')
    expect(at(settings, 'mqtt')).toMatchObject({ slot: 0, clientIdPrefix: 'site-a-punches-command-5d9c7-x2x7l' })
  })

  it('has a folder for things, mounted on a read-only root, only where things are', () => {
    const fleet = only(objects, 'Deployment', '-fleet')
    const settings = settingsOf('Deployment', '-fleet', 'punches-fleet-5d9c7-x2x7l')
    const place = at(settings, 'fleet.store.folder')
    const mounts = at(fleet, 'spec.template.spec.containers.0.volumeMounts')
    expect(mounts).toContainEqual({ name: 'store', mountPath: place })
    expect(at(fleet, 'spec.template.spec.volumes')).toContainEqual({ name: 'store', emptyDir: { sizeLimit: '4Gi' } })
    expect(at(fleet, 'spec.template.spec.containers.0.securityContext.readOnlyRootFilesystem')).toBe(true)
    expect(JSON.stringify(only(objects, 'Deployment', '-http'))).not.toContain('"store"')
    expect(at(settingsOf('Deployment', '-http', 'punches-http-5d9c7-x2x7l'), 'fleet.store.folder')).toBeNull()
  })

  it('is looked at by the doctor of helm test, for the enabled roles and with the same files', () => {
    const args = at(only(objects, 'Pod', '-test'), 'spec.containers.0.args') as readonly string[]
    expect(args.slice(0, 3)).toEqual(['doctor', '--role', 'ingest,command,fleet,http'])
    const options = args.map((arg) => arg.replace('/etc/bridge/', `${folder}/`))
    const run = ['--import', 'tsx', 'src/main.ts', ...options, '--json', '--timeout', '1']
    const env = { ...process.env, REGISTER: 'register' }
    const { status, stdout } = spawnSync('node', run, { cwd: projectFolder(), env, encoding: 'utf8' })
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<'server' | 'on' | 'what', string>>)
    // No server is there, and what stands for the secrets is no certificate: the doctor has found the files.
    expect(status).toBe(1)
    expect(new Set(findings.map(({ server }) => server))).toEqual(
      new Set(['bridge', 'mqtt', 'emqx', 'kafka', 'registry']),
    )
    const places = findings.map(({ on }) => on)
    expect(places).toEqual(
      expect.arrayContaining(['mqtt/ca.crt', 'http/tls.crt'].map((path) => `${folder}/secrets/${path}`)),
    )
    expect(findings.filter(({ what }) => what.includes('ENOENT'))).toEqual([])
  })
})
