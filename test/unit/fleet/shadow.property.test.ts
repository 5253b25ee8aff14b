import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ShadowChange } from '../../../src/records/generated/shadow-change.ts'
import type { ShadowState } from '../../../src/records/generated/shadow-state.ts'
import { FleetOwner, recordsOn, sentBy } from '../../kit/fleet-owner.ts'

type Doc = { readonly [name: string]: unknown }

/**
 * A section as the model has it: from path to [leaf as JSON text, time]. Arrays are leaves. Nothing here merges or
 * compares trees, which is what the code under test does.
 */
type Leaves = Map<string, readonly [string, number]>

const isObject = (value: unknown): value is Doc => typeof value === 'object' && value !== null && !Array.isArray(value)

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (!isObject(value)) return Object.is(value, -0) ? 0 : value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, canonical(v)]),
  )
}

function write(leaves: Leaves, path: string, value: unknown, time: number): void {
  const below = (other: string) => path !== '' && (other === path || other.startsWith(`${path}/`))
  if (isObject(value)) {
    leaves.delete(path)
    for (const [name, member] of Object.entries(value))
      write(leaves, path === '' ? name : `${path}/${name}`, member, time)
    return
  }
  for (const other of leaves.keys()) if (below(other)) leaves.delete(other)
  if (value !== null) leaves.set(path, [JSON.stringify(canonical(value)), time])
}

function leavesOf(doc: unknown, metadata: unknown, path = ''): [string, string, unknown][] {
  if (!isObject(doc)) return [[path, JSON.stringify(canonical(doc)), metadata]]
  return Object.entries(doc).flatMap(([name, member]) =>
    leavesOf(member, isObject(metadata) ? metadata[name] : undefined, path === '' ? name : `${path}/${name}`),
  )
}

/** Paths with their leaves as one text. */
function listed(leaves: readonly (readonly [string, string, ...unknown[]])[]): string {
  const texts = leaves.map(([path, leaf]) => JSON.stringify([path, leaf]))
  return texts.sort().join()
}

/** The metadata of a leaf: one time, or for an array that of each item. */
function timed(leaf: unknown, timestamp: number): unknown {
  if (Array.isArray(leaf)) return leaf.map((item) => timed(item, timestamp))
  if (!isObject(leaf)) return { timestamp }
  return Object.fromEntries(Object.entries(leaf).map(([name, member]) => [name, timed(member, timestamp)]))
}

function expectSection(doc: unknown, metadata: unknown, leaves: Leaves): void {
  const expected = [...leaves].map(([path, [text, time]]) => [path, text, timed(JSON.parse(text), time)])
  const byPath = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1)
  expect(leavesOf(doc, metadata).sort(byPath)).toEqual(expected.sort(byPath))
}

const name = fc.constantFrom('a', 'b', 'timestamp', 'c')
const scalar = fc.constantFrom<unknown>(0, 1, -0, 22.5, true, false, 'x', '', '1')
const inArray = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.dictionary(name, scalar, { maxKeys: 2 }))
const patch = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.oneof(scalar, fc.constant(null), fc.array(inArray, { maxLength: 2 }), fc.constant({})),
    tie('object'),
  ),
  object: fc.dictionary(name, tie('value'), { maxKeys: 3 }),
}))
const action = fc.record({
  section: fc.constantFrom('reported' as const, 'desired' as const),
  patch: fc.oneof({ weight: 12, arbitrary: patch.object }, { weight: 1, arbitrary: fc.constant(null) }),
  wait: fc.constantFrom(0, 0, 400, 1000, 61_000),
  restart: fc.boolean(),
})

test.each(['changed', 'always'] as const)('shadows follow the model of leaves, delta = %s', (mode) => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 12 }), (actions) => {
      const owner = new FleetOwner({ shadow: { delta: mode } })
      owner.register('t')
      const model = { reported: new Map() as Leaves, desired: new Map() as Leaves }
      let lastPublished = '[]'
      actions.forEach((each, at) => {
        owner.advance(each.wait)
        if (each.restart) owner.restart()
        const seconds = Math.floor(owner.now / 1000)
        const reporting = each.section === 'reported'
        const outputs = reporting
          ? owner.device('t/shadow/update', { state: { reported: each.patch } })
          : owner.request('shadow', 't', {
              op: 'SET_DESIRED',
              requestId: `r${at}`,
              thingName: 't',
              desiredJson: JSON.stringify(each.patch),
            })
        if (each.patch === null) model[each.section].clear()
        else write(model[each.section], '', each.patch, seconds)

        const [state] = recordsOn(outputs, 'shadowState') as ShadowState[]
        const [change] = recordsOn(outputs, 'shadowChanges') as ShadowChange[]
        expect(state?.version).toBe(at + 1)
        expect(state?.updatedAt).toBe(owner.now)
        const metadata = JSON.parse(state?.metadataJson ?? '') as Doc
        expectSection(JSON.parse(state?.reportedJson ?? ''), metadata['reported'], model.reported)
        expectSection(JSON.parse(state?.desiredJson ?? ''), metadata['desired'], model.desired)
        const delta: Leaves = new Map(
          [...model.desired].filter(([path, [text]]) => model.reported.get(path)?.[0] !== text),
        )
        const deltaLeaves = leavesOf(JSON.parse(state?.deltaJson ?? ''), undefined)
        expect(listed(deltaLeaves)).toBe(listed([...delta].map(([path, [leaf]]) => [path, leaf])))
        expect(change).toMatchObject({
          version: at + 1,
          section: each.section.toUpperCase(),
          deltaJson: state?.deltaJson,
        })
        expect(JSON.parse(change?.patchJson ?? '')).toEqual(JSON.parse(JSON.stringify(each.patch)))

        const sent = sentBy(outputs)
        expect(sent[0]?.[0]).toBe(`$emqx/things/t/shadow/update${reporting ? '/accepted' : ''}`)
        const told = sent[0]?.[1]['state'] as Doc | undefined
        if (!reporting) expectSection(told?.['desired'], metadata['desired'], model.desired)
        const text = listed([...delta].map(([path, [leaf]]) => [path, leaf]))
        const tells = delta.size > 0 && (!reporting || mode === 'always' || text !== lastPublished)
        expect(sent).toHaveLength(tells ? 2 : 1)
        if (tells) {
          expect(sent[1]?.[0]).toBe('$emqx/things/t/shadow/update/delta')
          expect(sent[1]?.[1]).toMatchObject({ version: at + 1, timestamp: seconds })
          expectSection(sent[1]?.[1]['state'], sent[1]?.[1]['metadata'], delta)
        }
        if (tells || delta.size === 0) lastPublished = text
      })
    }),
    { numRuns: 300 },
  )
})
