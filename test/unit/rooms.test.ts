import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type SourceFile, sourceFiles } from './source-files.ts'

/**
 * The rooms of src and their levels. A room may import only from lower levels; within a room everything is free.
 * `pure` rooms decide and touch nothing: no I/O, no clock, no randomness.
 */
const rooms: Readonly<Record<string, { readonly level: number; readonly pure: boolean }>> = {
  kernel: { level: 0, pure: false },
  records: { level: 1, pure: true },
  json: { level: 1, pure: true },
  'observe/events': { level: 1, pure: true },
  device: { level: 2, pure: true },
  // Between device, whose rules it uses, and everything that is configured.
  config: { level: 2.5, pure: false },
  flow: { level: 2, pure: false },
  attendance: { level: 3, pure: true },
  presence: { level: 3, pure: true },
  commands: { level: 3, pure: true },
  fleet: { level: 3, pure: true },
  mqtt: { level: 3, pure: false },
  kafka: { level: 3, pure: false },
  emqx: { level: 3, pure: false },
  store: { level: 3, pure: false },
  observe: { level: 3, pure: false },
  routes: { level: 4, pure: true },
  engine: { level: 4, pure: false },
  http: { level: 4, pure: false },
  roles: { level: 5, pure: false },
  cli: { level: 6, pure: false },
  main: { level: 7, pure: false },
}

/** Packages that belong to one room. A package that is not listed may not be imported at all. */
const owners: Readonly<Record<string, string>> = {
  avsc: 'records',
  mqtt: 'mqtt',
  kafkajs: 'kafka',
  '@kafkajs/confluent-schema-registry': 'kafka',
  'lz4-napi': 'kafka',
  snappy: 'kafka',
  zstddec: 'kafka',
  '@bokuweb/zstd-wasm': 'kafka',
  'classic-level': 'store',
  pino: 'observe',
  'prom-client': 'observe',
  hono: 'http',
  zod: 'config',
  yaml: 'config',
}

/** kafkajs reads its switches from the environment and nowhere else. */
const mayTouchProcess = ['cli', 'main', 'kafka/client.ts']

/** Parts of Node.js that only compute. */
const computing = new Set(['node:buffer', 'node:crypto'])

interface Import {
  readonly from: SourceFile
  readonly room: string
  readonly target: string
}

function roomOf(path: string): string {
  if (!path.includes('/')) return posix.basename(path, '.ts')
  return path.startsWith('observe/events/') ? 'observe/events' : (path.split('/', 1)[0] ?? '')
}

/** Comments out; text in quotes stays, since imports are in quotes. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function importsOf(file: SourceFile): Import[] {
  const pattern = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\brequire\(\s*)(['"])([^'"]+)\1/g
  return [...codeOf(file.text).matchAll(pattern)].map(([, , target]) => ({
    from: file,
    room: roomOf(file.path),
    target: target ?? '',
  }))
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/')
}

const files = sourceFiles()
const imports = files.flatMap(importsOf)
const inside = imports.filter(({ target }) => target.startsWith('.'))
const outside = imports.filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
const builtin = imports.filter(({ target }) => target.startsWith('node:'))

function faultsInside(among: readonly Import[]): string[] {
  return among.flatMap(({ from, room, target }) => {
    const path = posix.join(posix.dirname(from.path), target)
    const other = roomOf(path)
    if (path.startsWith('..')) return path === '../package.json' ? [] : [`${from.path} leaves src: ${target}`]
    if (!target.endsWith('.ts')) return [`${from.path} imports ${target}, which is no .ts file`]
    const here = rooms[room]
    const there = rooms[other]
    if (here === undefined || there === undefined) return [`${from.path} or ${path} is in no room`]
    return room === other || there.level < here.level ? [] : [`${from.path} (${room}) imports ${path} (${other})`]
  })
}

describe('rooms', () => {
  it('there is something to check, in every direction', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(inside.length).toBeGreaterThan(150)
    expect(outside.length).toBeGreaterThan(8)
    expect(
      inside.filter(({ from, room, target }) => roomOf(posix.join(posix.dirname(from.path), target)) !== room).length,
    ).toBeGreaterThan(60)
  })

  it('every file is in a room', () => {
    expect(files.map(({ path }) => path).filter((path) => rooms[roomOf(path)] === undefined)).toEqual([])
  })

  it('import only from lower levels', () => {
    expect(faultsInside(inside)).toEqual([])
  })

  it('would be caught importing upwards or sideways', () => {
    const wrong = (path: string, target: string): Import[] =>
      importsOf({ path, text: `import { x } from '${target}'\n` })
    expect(faultsInside(wrong('kafka/writer.ts', '../mqtt/tap.ts'))).toHaveLength(1)
    expect(faultsInside(wrong('records/codec.ts', '../json/read-json.ts'))).toHaveLength(1)
    expect(faultsInside(wrong('kernel/clock.ts', '../config/parse.ts'))).toHaveLength(1)
    expect(faultsInside(wrong('flow/pump.ts', '../observe/observer.ts'))).toHaveLength(1)
    expect(faultsInside(wrong('flow/pump.ts', '../observe/events/event.ts'))).toEqual([])
    expect(faultsInside(wrong('nowhere/x.ts', '../kernel/clock.ts'))).toHaveLength(1)
    expect(
      faultsInside(importsOf({ path: 'kernel/x.ts', text: "const m = await import('../mqtt/tap.ts')" })),
    ).toHaveLength(1)
    expect(
      faultsInside(importsOf({ path: 'kernel/x.ts', text: "export type { A } from '../mqtt/tap.ts'" })),
    ).toHaveLength(1)
  })
})

describe('packages', () => {
  it('are imported by the room that owns them alone', () => {
    const faults = outside.filter(({ room, target }) => owners[packageOf(target)] !== room)
    expect(faults.map(({ from, target }) => `${from.path} imports ${target}`)).toEqual([])
  })

  it('that are owned are used', () => {
    const used = new Set(outside.map(({ target }) => packageOf(target)))
    for (const name of ['avsc', 'mqtt', 'kafkajs', 'pino', 'prom-client', 'hono', 'zod', 'yaml'])
      expect(used).toContain(name)
  })

  it('of Node.js stay out of pure rooms, but for those that only compute', () => {
    expect(builtin.length).toBeGreaterThan(3)
    const faults = builtin.filter(({ room, target }) => rooms[room]?.pure === true && !computing.has(target))
    expect(faults.map(({ from, target }) => `${from.path} imports ${target}`)).toEqual([])
  })
})

describe('pure rooms', () => {
  const impure =
    /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bsetTimeout\(|\bsetInterval\(|\bsetImmediate\(|\bprocess\.[a-z]|\bperformance\.|\bconsole\.|\brandomUUID\(|\brandomBytes\(|\bfetch\(/

  it('ask no clock, no chance and no world', () => {
    const pure = files.filter(({ path }) => rooms[roomOf(path)]?.pure === true)
    expect(pure.length).toBeGreaterThan(20)
    const faults = pure.filter(({ text }) => impure.test(codeOf(text)))
    expect(faults.map(({ path, text }) => `${path}: ${impure.exec(codeOf(text))?.[0]}`)).toEqual([])
  })

  it('leave the process to its edge', () => {
    const faults = files.filter(
      ({ path, text }) =>
        !mayTouchProcess.includes(roomOf(path)) &&
        !mayTouchProcess.includes(path) &&
        /\bprocess\.[a-z]/.test(codeOf(text)),
    )
    expect(faults.map(({ path }) => path)).toEqual([])
  })

  it('have no default exports, no barrels and no catch-all files', () => {
    const names = /(^|\/)(index|utils?|helpers?|common|types|misc|shared)\.ts$/
    expect(files.filter(({ path }) => names.test(path)).map(({ path }) => path)).toEqual([])
    expect(
      files.filter(({ text }) => /^export default\b|^export \* from\b/m.test(text)).map(({ path }) => path),
    ).toEqual([])
  })
})
