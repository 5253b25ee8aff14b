import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Failure } from '../../../src/kernel/failure.ts'
import { DiskFolder } from '../../../src/store/disk-folder.ts'
import type { DiskValues } from '../../../src/store/disk-values.ts'

interface Value {
  readonly text: string
  readonly byId: Map<string, number>
}

let folder: string
const open: DiskFolder[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'))
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

async function opened(limit: number, path = folder): Promise<DiskFolder> {
  const disk = new DiskFolder(path, limit)
  await disk.open()
  open.push(disk)
  return disk
}

function valueOf(n: number): Value {
  const byId = new Map([['b', n]]).set('a', n + 1)
  return { text: `value ${n}`, byId }
}

async function filled(values: DiskValues<Value>, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    values.set(`key ${n}`, valueOf(n))
    if (n % 20 === 19) await values.settle()
  }
  await values.settle()
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Failure)) throw new Error(`no Failure but ${String(error)}`)
  return error
}

/** Guards store/disk-values.ts `settle` and `#read`: maps keep their order, and memory its limit. */
test('what left the memory is read back as it was', async () => {
  const values = await (await opened(8)).values<Value>()
  await filled(values, 300)
  expect(values.inMemory).toBe(8)
  for (let n = 0; n < 300; n += 1) expect(values.get(`key ${n}`)).toEqual(valueOf(n))
  expect([...(values.get('key 5')?.byId.keys() ?? [])]).toEqual(['b', 'a'])
  expect(values.get('nobody')).toBeUndefined()
  await values.settle()
  expect(values.inMemory).toBe(8)
})

/** Guards store/disk-values.ts `get`. */
test('what was used last stays in memory', async () => {
  const values = await (await opened(8)).values<Value>()
  await filled(values, 8)
  const kept = values.get('key 0')
  values.set('one more', valueOf(99))
  await values.settle()
  expect(values.get('key 0')).toBe(kept)
})

/** Guards store/disk-values.ts `settle`: what changes while a batch is written stays. */
test('does as a Map does, whatever is done in which order', async () => {
  const key = fc.integer({ min: 0, max: 12 }).map((n) => `key ${n}`)
  const step = fc.oneof(
    fc.record({ op: fc.constant('set'), key, n: fc.nat(1000) }),
    fc.record({ op: fc.constantFrom('get', 'delete', 'change'), key }),
    fc.record({ op: fc.constant('settle') }),
  )
  const disk = await opened(3)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const values = await disk.values<Value>()
      const model = new Map<string, Value>()
      let settling = Promise.resolve()
      for (const each of steps) {
        if (!('key' in each)) {
          // Changes that follow come while it is under way.
          await settling
          settling = values.settle()
        } else if ('n' in each) {
          values.set(each.key, valueOf(each.n))
          model.set(each.key, valueOf(each.n))
        } else if (each.op === 'delete') {
          values.delete(each.key)
          model.delete(each.key)
        } else if (each.op === 'change') {
          const [mine, theirs] = [values.get(each.key), model.get(each.key)]
          mine?.byId.set('more', model.size)
          theirs?.byId.set('more', model.size)
          if (mine !== undefined) values.set(each.key, mine)
        } else expect(values.get(each.key)).toEqual(model.get(each.key))
      }
      await settling
      await values.settle()
      expect(values.inMemory).toBeLessThanOrEqual(3)
      for (let n = 0; n <= 12; n += 1) expect(values.get(`key ${n}`)).toEqual(model.get(`key ${n}`))
      await values.close()
    }),
    { numRuns: 60 },
  )
})

/** Guards store/disk-folder.ts `#share`. */
test('all partitions share the memory', async () => {
  const disk = await opened(20)
  const first = await disk.values<Value>()
  await filled(first, 50)
  expect(first.inMemory).toBe(20)
  const second = await disk.values<Value>()
  await filled(second, 50)
  await first.settle()
  expect([first.inMemory, second.inMemory]).toEqual([10, 10])
  await second.close()
  await filled(first, 50)
  expect(first.inMemory).toBe(20)
})

/** Guards store/disk-folder.ts `open`: nothing is used again, and what is not ours stays. */
test('every owner begins with an empty place, and leaves nothing', async () => {
  const left = join(folder, 'bridge-state-of-a-killed-process')
  mkdirSync(left)
  writeFileSync(join(left, 'CURRENT'), 'rubbish')
  writeFileSync(join(folder, 'not-ours'), '')
  const disk = await opened(1)
  expect(readdirSync(folder)).toEqual(['not-ours'])
  const first = await disk.values<Value>()
  await filled(first, 50)
  const second = await disk.values<Value>()
  expect(second.get('key 3')).toBeUndefined()
  expect(first.get('key 3')).toEqual(valueOf(3))
  await first.close()
  expect(() => first.get('key 30')).toThrow('cannot be used')
  await disk.close()
  expect(readdirSync(folder)).toEqual(['not-ours'])
})

test('a folder that cannot be used ends the start, and says what to do', async () => {
  writeFileSync(join(folder, 'file'), '')
  const failure = await failureOf(new DiskFolder(join(folder, 'file'), 8).open())
  expect(failure).toMatchObject({ kind: 'fatal', code: 'store_unusable' })
  expect(failure.message).toContain('fleet.store.folder')
  expect(failure.message).toContain(join(folder, 'file'))
  expect(failure.message).toContain('may write to')
})

async function written(values: DiskValues<Value>, megabytes: number): Promise<Value[]> {
  const all = Array.from({ length: 10 * megabytes }, (_, n) => ({ ...valueOf(n), text: randomText(100_000) }))
  for (const [n, value] of all.entries()) {
    values.set(`much ${n}`, value)
    await values.settle()
  }
  return all
}

/** Guards store/disk-values.ts `#read` and `valueOf`: a value is the one that was stored, or an error. */
test.each([
  ['everywhere', (bytes: Buffer) => bytes.fill(0xab)],
  [
    'here and there',
    (bytes: Buffer) => {
      for (let at = 30_000; at < bytes.length - 30_000; at += 50_000) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    },
  ],
])('files that are damaged %s are an error that names the folder', async (_where, damage) => {
  const values = await (await opened(1)).values<Value>()
  const all = await written(values, 10)
  const place = join(folder, readdirSync(folder)[0] ?? '')
  const tables = readdirSync(place).filter((name) => name.endsWith('.ldb'))
  expect(tables.length).toBeGreaterThan(0)
  for (const name of tables) {
    const path = join(place, name)
    const bytes = readFileSync(path)
    damage(bytes)
    // In place: the files are open.
    writeFileSync(path, bytes, { flag: 'r+' })
  }
  const failures: Failure[] = []
  for (const [n, value] of all.entries()) {
    try {
      expect(values.get(`much ${n}`)).toEqual(value)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
    }
  }
  expect(failures.length).toBeGreaterThan(10)
  expect(failures[0]).toMatchObject({ kind: 'transient', code: 'store_failed' })
  expect(failures[0]?.message).toContain(place)
  expect(failures[0]?.message).toContain('rebuilt from Kafka')
})

/** Guards store/disk-values.ts `settle`: a write that fails is told. */
test('a folder that is gone is an error, and the next owner needs nothing of it', async () => {
  const disk = await opened(1)
  const values = await disk.values<Value>()
  rmSync(folder, { recursive: true })
  const failure = await failureOf(written(values, 20))
  expect(failure).toMatchObject({ kind: 'transient', code: 'store_failed' })
  const again = await disk.values<Value>()
  await filled(again, 50)
  expect(again.get('key 3')).toEqual(valueOf(3))
})

function randomText(length: number): string {
  let text = ''
  while (text.length < length) text += Math.random().toString(36).slice(2)
  return text
}
