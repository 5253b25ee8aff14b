import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Part } from './part.ts'
import { apt, dpkg } from './prerequisites.ts'
import { runCommand } from './run-command.ts'

const next = 'run `apt-get update` once as root, so that apt knows the packages, then run this again'

/** Debian's Mosquitto with the libraries this machine lacks, unpacked into a folder: nothing is installed, no root. */
export const mosquittoPart: Part = {
  name: 'mosquitto',
  version: 'debian',
  about: '3 MB, about 3 s',
  needs: [apt, dpkg],
  fetch: async (folder) => {
    // apt checks the archive's signature and each file's hash.
    await runCommand('apt-get', ['-q', 'download', ...(await missingPackages())], { cwd: folder, next })
    for (const file of (await readdir(folder)).filter((path) => path.endsWith('.deb'))) {
      await runCommand('dpkg', ['-x', file, 'root'], { cwd: folder })
    }
    const libraries = await runCommand('ldd', [join(folder, 'root/usr/sbin/mosquitto')], {
      env: await libraryPath(folder),
    })
    const lacking = libraries.split('\n').filter((line) => line.includes('not found'))
    if (lacking.length > 0) throw new Error(`mosquitto lacks libraries:\n${lacking.join('\n')}`)
  },
  pins: {},
}

/** `LD_LIBRARY_PATH` for the commands of the part. */
export async function libraryPath(folder: string): Promise<Record<string, string>> {
  const base = join(folder, 'root/usr/lib')
  const tuples = (await readdir(base)).filter((name) => name.includes('-linux-'))
  return { LD_LIBRARY_PATH: tuples.map((name) => join(base, name)).join(':') }
}

/** What apt would install for `mosquitto`: it and the libraries it needs, directly or not, that are not installed. */
async function missingPackages(): Promise<string[]> {
  const installed = new Set(await installedPackages())
  const wanted = new Set<string>()
  for (let level = ['mosquitto']; level.length > 0; ) {
    for (const name of level) wanted.add(name)
    const text = await runCommand('apt-cache', ['depends', '--no-recommends', '--no-suggests', ...level], { next })
    const libraries = [...text.matchAll(/^ *Depends: (lib[^\s:<>]+)$/gm)].map(([, library]) => library ?? '')
    level = libraries.filter((library) => !installed.has(library) && !wanted.has(library))
  }
  return [...wanted]
}

async function installedPackages(): Promise<string[]> {
  const status = await readFile('/var/lib/dpkg/status', 'utf8')
  return status.split('\n\n').flatMap((entry) => {
    const name = /^Package: (.+)$/m.exec(entry)?.[1]
    return name !== undefined && /^Status: .* installed$/m.test(entry) ? [name] : []
  })
}
