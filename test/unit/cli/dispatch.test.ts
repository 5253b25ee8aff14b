import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import { configCommand } from '../../../src/cli/config.ts'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { explainCommand } from '../../../src/cli/explain.ts'
import { type RoleName, roleNames } from '../../../src/cli/role-option.ts'
import { runCommand } from '../../../src/cli/run.ts'
import { type SchemasWork, schemasCommand } from '../../../src/cli/schemas.ts'
import { type TopicsWork, topicsCommand } from '../../../src/cli/topics.ts'
import { versionCommand } from '../../../src/cli/version.ts'
import type { LoadedConfig } from '../../../src/config/load.ts'
import { Failure } from '../../../src/kernel/failure.ts'

interface Asked {
  readonly config: LoadedConfig
  readonly what: readonly RoleName[] | TopicsWork | SchemasWork
}

function collect(into: string[]): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      into.push(chunk.toString())
      done()
    },
  })
}

/** Runs one command line against the real table of commands; work that needs servers is only written down. */
async function bridge(
  line: string,
  options: { files?: Record<string, string>; env?: Record<string, string>; fail?: unknown } = {},
) {
  const { files = {}, env = {}, fail } = options
  const asked: Asked[] = []
  const work = async (config: LoadedConfig, what: Asked['what']): Promise<number> => {
    if (fail !== undefined) throw fail
    asked.push({ config, what })
    return 0
  }
  const commands: readonly Command[] = [
    runCommand(work),
    explainCommand(async () => 0),
    configCommand,
    schemasCommand(work),
    topicsCommand(work),
    versionCommand('1.2.3'),
  ]
  const out: string[] = []
  const err: string[] = []
  const code = await dispatch(commands, line === '' ? [] : line.split(' '), {
    stdin: process.stdin,
    stdout: collect(out),
    stderr: collect(err),
    env,
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return text
    },
  })
  return { code, out: out.join(''), err: err.join(''), asked }
}

const names = ['run', 'explain', 'config', 'schemas', 'topics', 'version']

describe('help', () => {
  it('lists every command', async () => {
    const { code, out, err } = await bridge('--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
    expect(out).toMatch(/78 +the configuration is wrong/)
  })

  it('is what a line without a command gets, as a mistake', async () => {
    const { code, out, err } = await bridge('')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('Usage: bridge')
  })

  it.each(names)('of %s has an example, wherever it is asked for', async (name) => {
    const { code, out } = await bridge(`${name} --help`)
    expect(code).toBe(0)
    expect(out).toContain(`Usage: bridge ${name}`)
    expect(out).toMatch(new RegExp(`^Example:\\n  .*bridge ${name}`, 'm'))
    expect((await bridge(`help ${name}`)).out).toBe(out)
    expect((await bridge(`${name} --nonsense -h`)).out).toBe(out)
  })
})

describe('a mistake on the command line', () => {
  it.each([
    ['confg check', 'there is no command confg. Did you mean: bridge config?'],
    ['frobnicate', 'there is no command frobnicate. See: bridge --help'],
    ['help confg', 'there is no command confg. Did you mean: bridge config?'],
    ['config', 'says not what to do: one of check, print, schema'],
    ['config chekc', 'cannot chekc; one of check, print, schema. Did you mean check?'],
    ['config check more', 'does not know what to do with: more'],
    ['config print --orgin', 'there is no option --orgin. Did you mean --origin?'],
    ['topics aply', 'Did you mean apply?'],
    ['topics delete', 'cannot delete; one of plan, apply'],
    ['schemas check --config', 'argument missing'],
    ['run --role ingst', 'there is no role "ingst"'],
    ['run --role ingst', 'Did you mean ingest?'],
    ['run ingest', 'does not know what to do with: ingest'],
    ['version 2', 'does not know what to do with: 2'],
  ])('%s', async (line, words) => {
    const { code, out, err, asked } = await bridge(line)
    expect(err).toContain(words)
    expect({ code, out, asked }).toEqual({ code: 2, out: '', asked: [] })
  })
})

describe('bridge run', () => {
  it('runs all roles, or those that are named, in one order', async () => {
    expect((await bridge('run')).asked[0]?.what).toEqual(['ingest', 'command'])
    expect((await bridge('run --set fleet.enabled=true')).asked[0]?.what).toEqual(roleNames)
    expect((await bridge(`run --role ${roleNames[0]},${roleNames[0]}`)).asked[0]?.what).toEqual([roleNames[0]])
    const backwards = [...roleNames].toReversed().join(' --role ')
    expect((await bridge(`run --role ${backwards}`)).asked[0]?.what).toEqual(roleNames)
  })

  it('starts nothing when the configuration is wrong', async () => {
    const { code, err, asked } = await bridge('run --set mqtt.slto=1')
    expect({ code, asked }).toEqual({ code: 78, asked: [] })
    expect(err).toBe(
      'bridge run: the configuration has a fault:\n  mqtt.slto (--set) is not a setting of the bridge. Did you mean mqtt.slot?\n',
    )
  })
})

describe('bridge topics and bridge schemas', () => {
  it('hand on what to do and the configuration', async () => {
    const topics = (
      await bridge('topics apply --json --config /a.yaml', { files: { '/a.yaml': 'kafka: {brokers: [k:9092]}' } })
    ).asked[0]
    expect(topics?.what).toEqual({ action: 'apply', json: true })
    expect(topics?.config.settings.kafka.brokers).toEqual(['k:9092'])
    expect((await bridge('schemas check')).asked[0]?.what).toEqual({ action: 'check', json: false })
  })
})

describe('the exit code', () => {
  it.each([
    [new Failure('transient', 'connection', 'Kafka is away'), 69, 'bridge run: Kafka is away (connection)\n'],
    [new Failure('lost', 'stopped', 'over'), 69, 'bridge run: over (stopped)\n'],
    [new Failure('fatal', 'cannot_listen', 'taken'), 1, 'bridge run: taken (cannot_listen)\n'],
    [new TypeError('oh'), 70, 'bridge run: an error nobody planned for, please report it:\n  TypeError: oh\n'],
  ])('of %s is %d', async (fail, code, words) => {
    const result = await bridge('run', { fail })
    expect(result.code).toBe(code)
    expect(result.err.startsWith(words)).toBe(true)
  })
})

describe('bridge config', () => {
  const files = { '/a.yaml': 'mqtt:\n  slot: 2\n  password: planted-secret\n', '/bad.yaml': 'mqtt:\n  slot: two\n' }

  it('check says yes, or names every fault with its line', async () => {
    expect(await bridge('config check --config /a.yaml', { files })).toMatchObject({
      code: 0,
      out: 'the configuration is right\n',
    })
    const bad = await bridge('config check --config /bad.yaml --set kafka.gapMs=-1', { files })
    expect({ code: bad.code, out: bad.out }).toEqual({ code: 78, out: '' })
    expect(bad.err).toContain('2 faults')
    expect(bad.err).toContain('mqtt.slot (/bad.yaml:2) cannot be "two"')
    expect(bad.err).toContain('kafka.gapMs (--set) cannot be -1')
  })

  it('check --json is for scripts', async () => {
    expect(await bridge('config check --json --config /a.yaml', { files })).toMatchObject({
      code: 0,
      out: '{"ok":true,"faults":[]}\n',
    })
    const bad = await bridge('config check --json --config /bad.yaml', { files })
    expect(bad.code).toBe(78)
    expect(JSON.parse(bad.out)).toMatchObject({ ok: false, faults: [{ path: 'mqtt.slot', origin: '/bad.yaml:2' }] })
  })

  it('print shows what is in force, and no secret', async () => {
    const { code, out } = await bridge('config print --origin --config /a.yaml', { files })
    expect(code).toBe(0)
    expect(out).toContain('  slot: 2  # /a.yaml:2\n')
    expect(out).not.toContain('planted-secret')
    expect((await bridge('config print --config /a.yaml', { files })).out).not.toContain('#')
  })

  it('schema prints JSON', async () => {
    const { code, out } = await bridge('config schema')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'object', additionalProperties: false })
  })
})

describe('bridge version', () => {
  it('prints it, for people and for scripts', async () => {
    expect(await bridge('version')).toMatchObject({ code: 0, out: '1.2.3\n' })
    expect(await bridge('--version')).toMatchObject({ code: 0, out: '1.2.3\n' })
    expect(JSON.parse((await bridge('version --json')).out)).toEqual({ version: '1.2.3', node: process.version })
  })
})
