import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { groundFolder } from '../place.ts'
import { type Prerequisite, requireAll } from './prerequisites.ts'

/** One thing to fetch. */
export interface Part {
  readonly name: string
  readonly version: string
  /** Size and time, for the line that is printed before it is fetched. */
  readonly about: string
  readonly needs: readonly Prerequisite[]
  /** Fills the empty folder. */
  readonly fetch: (folder: string) => Promise<void>
  /** SHA-256 of files whose content is fixed by their version, by path in the folder. */
  readonly pins: Readonly<Record<string, string>>
}

interface Manifest {
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>
}

export type Say = (line: string) => void

export const sayOnStderr: Say = (line) => {
  process.stderr.write(`ground: ${line}\n`)
}

/**
 * The part's folder, fetched if it is not there whole. Asks nobody when it is. A part appears under its final name only
 * when it is complete, so an interrupted or doubled fetch leaves nothing half done.
 */
export async function ensurePart(part: Part, say: Say = sayOnStderr): Promise<string> {
  const parts = join(groundFolder(), 'parts')
  const folder = join(parts, `${part.name}-${part.version}`)
  if ((await faults(folder, 'sizes')).length === 0) return folder
  requireAll(part.name, part.needs)
  await mkdir(parts, { recursive: true })
  const making = await mkdtemp(join(parts, '.making-'))
  const began = Date.now()
  const seconds = () => ((Date.now() - began) / 1000).toFixed(0)
  say(`${part.name} ${part.version}: fetching (${part.about})`)
  const progress = setInterval(() => {
    void megabytes(making).then((size) => say(`${part.name}: ${seconds()} s, ${size} MB so far`))
  }, 4000)
  try {
    await part.fetch(making)
    const manifest = await listFiles(making)
    for (const [path, sha256] of Object.entries(part.pins)) {
      const got = manifest.files[path]?.sha256 ?? 'nothing'
      if (got !== sha256) throw new Error(`${part.name}: ${path} is not the file we know: ${got} instead of ${sha256}`)
    }
    await writeFile(join(making, manifestName), JSON.stringify(manifest))
    await rm(folder, { recursive: true, force: true })
    await rename(making, folder).catch(async (error: unknown) => {
      // Another process fetched the same part meanwhile: take its copy if it is whole.
      if ((await faults(folder, 'sizes')).length > 0) throw error
    })
  } finally {
    clearInterval(progress)
    await rm(making, { recursive: true, force: true })
  }
  say(`${part.name} ${part.version}: there after ${seconds()} s, ${await megabytes(folder)} MB, checked`)
  return folder
}

/** What differs from the moment it was fetched: empty when the part is whole. `bytes` reads every file. */
export async function faults(folder: string, depth: 'sizes' | 'bytes'): Promise<string[]> {
  let manifest: Manifest
  try {
    manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Manifest
  } catch {
    return ['not fetched']
  }
  const found: string[] = []
  for (const [path, known] of Object.entries(manifest.files)) {
    const stat = await lstat(join(folder, path)).catch(() => null)
    if (stat === null) found.push(`${path} is missing`)
    else if (stat.size !== known.size) found.push(`${path} has ${stat.size} bytes instead of ${known.size}`)
    else if (depth === 'bytes' && (await sha256(join(folder, path))) !== known.sha256) found.push(`${path} has changed`)
  }
  return found
}

const manifestName = '.manifest.json'

async function listFiles(folder: string): Promise<Manifest> {
  const files: Record<string, { size: number; sha256: string }> = {}
  for (const path of await filesOf(folder)) {
    const full = join(folder, path)
    files[path] = { size: (await lstat(full)).size, sha256: await sha256(full) }
  }
  return { files }
}

/** Paths of plain files, without Python's byte code, which its interpreter rewrites. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name !== manifestName && !entry.parentPath.endsWith('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function megabytes(folder: string): Promise<string> {
  let bytes = 0
  for (const path of await filesOf(folder).catch(() => [])) {
    bytes += (await lstat(join(folder, path)).catch(() => null))?.size ?? 0
  }
  return (bytes / 1e6).toFixed(0)
}
