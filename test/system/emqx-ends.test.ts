import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Member, type MemberOptions } from '../kit/emqx-model/member.ts'
import { askRest, type EmqxStage, isReal, openEmqx } from '../kit/emqx-model/stage.ts'
import { patienceMs } from '../kit/latch.ts'

/**
 * What EMQX does with the messages of a member of a shared subscription, by how its session ends. The bridge is built
 * on these rows; docs/delivery.md says what they mean for it. In CI the model answers, which is only as right as its
 * rules; `make faults-emqx` with EMQX_URL asks a real one, and a row that fails there says that the model is wrong.
 */

let stage: EmqxStage
const open: Member[] = []
beforeAll(async () => {
  stage = await openEmqx({ maxQueue: 6 })
})
afterAll(async () => {
  for (const member of open) member.cut()
  await stage.close()
})

test.skipIf(!isReal)('a real EMQX was asked (EMQX_URL)', () => {
  expect(stage.model).toBeNull()
})

async function connect(clientId: string, options: MemberOptions = {}): Promise<Member> {
  const member = await Member.connect(stage, clientId, options)
  open.push(member)
  return member
}

/** A group of its own for each test. */
function group() {
  const name = `ends-${randomBytes(4).toString('hex')}`
  return { name, topic: `${name}/t`, filter: `$share/${name}/${name}/+`, id: (member: string) => `${name}-${member}` }
}

interface Pair {
  /** Has taken its window of two without an acknowledgement; two more wait for it. */
  readonly leaving: Member
  /** Has its four, acknowledged. */
  readonly staying: Member
  readonly publisher: Member
  readonly topic: string
  readonly filter: string
  readonly id: string
}

/** Two members, eight messages, four for each: round robin is EMQX's default strategy. */
async function pair(options: MemberOptions): Promise<Pair> {
  const { topic, filter, id } = group()
  const leaving = await connect(id('leaving'), { receiveMaximum: 2, ...options })
  const staying = await connect(id('staying'))
  await leaving.subscribe(filter)
  await staying.subscribe(filter)
  const publisher = await connect(id('publisher'))
  for (let i = 1; i <= 8; i += 1) expect(await publisher.publish(topic, String(i))).toBe(0)
  await staying.until('four messages', () => staying.received.length === 4)
  staying.acknowledge(...staying.received)
  await leaving.until('its window', () => leaving.received.length === 2)
  return { leaving, staying, publisher, topic, filter, id: leaving.clientId }
}

const all = ['1', '2', '3', '4', '5', '6', '7', '8']

async function gotAll({ staying }: Pair): Promise<void> {
  await staying.until('all eight', () => staying.received.length === 8)
  expect(staying.texts.toSorted()).toEqual(all)
  // A message that is given on is a repeat without the flag that says so.
  expect(staying.received.some(({ dup }) => dup)).toBe(false)
}

/** Nothing is given on: what comes after the end is the next thing that the other member gets. */
async function gotNoMore({ staying, publisher, topic }: Pair): Promise<void> {
  expect(await publisher.publish(topic, 'after')).toBe(0)
  await staying.until('what came after', () => staying.texts.includes('after'))
  await staying.ping()
  expect(staying.received).toHaveLength(5)
}

/** Resumes, takes all, and returns what came. */
async function resumed({ id }: Pair): Promise<Member> {
  const back = await connect(id, { clean: false, expiry: 60, receiveMaximum: 2 })
  expect(back.connack).toMatchObject({ sessionPresent: true })
  for (let count = 2; count <= 4; count += 2) {
    await back.until(`${count} messages`, () => back.received.length === count)
    back.acknowledge(...back.received.slice(count - 2))
  }
  return back
}

describe('window and queue are given on to the group when', () => {
  test('a connection with expiry 0 breaks', async () => {
    const members = await pair({ expiry: 0 })
    members.leaving.cut()
    await gotAll(members)
  })

  test('a session expires', async () => {
    const members = await pair({ clean: false, expiry: 1 })
    members.leaving.cut()
    await gotAll(members)
  })

  test('the client comes back with clean start', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    members.leaving.cut()
    const anew = await connect(members.id, { clean: true })
    expect(anew.connack).toMatchObject({ sessionPresent: false })
    await gotAll(members)
    expect(anew.received).toEqual([])
  })
})

describe('window and queue wait for the client when', () => {
  test('the connection breaks: first what was in flight, with DUP and the same packet ids', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    const { leaving } = members
    leaving.cut()
    const back = await resumed(members)
    const ids = (member: Member) => member.received.slice(0, 2).map(({ messageId }) => messageId)
    expect(ids(back)).toEqual(ids(leaving))
    expect(back.texts.slice(0, 2)).toEqual(leaving.texts)
    expect(back.received.map(({ dup }) => dup)).toEqual([true, true, false, false])
    expect([...back.texts, ...members.staying.texts].toSorted()).toEqual(all)
  })

  test('it says goodbye and leaves the expiry as it is', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    await members.leaving.goodbye()
    const back = await resumed(members)
    expect([...back.texts, ...members.staying.texts].toSorted()).toEqual(all)
  })

  test('it connects a second time; the first connection hears 0x8E', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    const back = await resumed(members)
    await members.leaving.until('DISCONNECT', () => members.leaving.closed)
    expect(members.leaving.sentAway).toBe(0x8e)
    expect([...back.texts, ...members.staying.texts].toSorted()).toEqual(all)
  })

  test('it unsubscribes: what waited is still delivered, nothing new comes', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    const { leaving, filter } = members
    await leaving.unsubscribe(filter)
    leaving.acknowledge(...leaving.received)
    await leaving.until('the queue', () => leaving.received.length === 4)
    await gotNoMore(members)
    await leaving.ping()
    expect(leaving.received).toHaveLength(4)
  })

  test('and the group goes on giving it its share while it is away', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    members.leaving.cut()
    for (const text of ['9', '10']) expect(await members.publisher.publish(members.topic, text)).toBe(0)
    await members.staying.until('one of two', () => members.staying.received.length === 5)
    const back = await connect(members.id, { clean: false, expiry: 60, receiveMaximum: 10 })
    await back.until('four and one', () => back.received.length === 5)
  })
})

describe('window and queue are lost when', () => {
  test('the client says goodbye and sets the expiry to 0', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    await members.leaving.goodbye(0)
    await gotNoMore(members)
    if (stage.model !== null) expect(stage.model.lost.splice(0)).toHaveLength(4)
  })

  test.skipIf(isReal && process.env['EMQX_API_URL'] === undefined)('somebody kicks it, with 0x98', async () => {
    const members = await pair({ clean: false, expiry: 60 })
    await askRest(stage, 'DELETE', members.id)
    await members.leaving.until('DISCONNECT', () => members.leaving.closed)
    expect(members.leaving.sentAway).toBe(0x98)
    await gotNoMore(members)
    if (stage.model !== null) expect(stage.model.lost.splice(0)).toHaveLength(4)
  })

  test('it was the last member: the next publisher hears 0x10', async () => {
    const { topic, filter, id } = group()
    const last = await connect(id('last'), { clean: false, expiry: 1 })
    await last.subscribe(filter)
    const publisher = await connect(id('publisher'))
    expect(await publisher.publish(topic, 'kept')).toBe(0)
    await last.until('it', () => last.received.length === 1)
    last.cut()
    await expect.poll(() => publisher.publish(topic, 'gone'), { timeout: patienceMs }).toBe(0x10)
  })
})

describe('the window and the queue', () => {
  test('CONNACK says the effective window: the lesser of Receive Maximum and max_inflight', async () => {
    const { name } = group()
    const wide = await connect(`${name}-wide`, { receiveMaximum: 5000 })
    const narrow = await connect(`${name}-narrow`, { receiveMaximum: 3 })
    // 32 by default; a zone may have another, but no test EMQX has 5000.
    expect(wide.connack?.properties?.receiveMaximum).toBeLessThan(5000)
    expect(narrow.connack?.properties?.receiveMaximum).toBe(3)
  })

  // A real queue is a thousand long, and more where somebody has read docs/sizing.md.
  test.skipIf(isReal)('a full queue drops its oldest; the publisher hears 0x00', async () => {
    const { topic, filter, id } = group()
    const slow = await connect(id('slow'), { clean: false, expiry: 60, receiveMaximum: 2 })
    await slow.subscribe(filter)
    const publisher = await connect(id('publisher'))
    for (let i = 1; i <= 12; i += 1) expect(await publisher.publish(topic, String(i))).toBe(0)
    expect(await askRest(stage, 'GET', slow.clientId)).toMatchObject({
      mqueue_len: 6,
      mqueue_max: 6,
      mqueue_dropped: 4,
      inflight_cnt: 2,
    })
    for (let count = 2; count <= 8; count += 2) {
      await slow.until(`${count} messages`, () => slow.received.length === count)
      slow.acknowledge(...slow.received.slice(count - 2))
    }
    expect(slow.texts).toEqual(['1', '2', '7', '8', '9', '10', '11', '12'])
  })

  test('a new session counts packet ids from 1 again, for other messages', async () => {
    const { topic, filter, id } = group()
    const publisher = await connect(id('publisher'))
    const ids: (number | undefined)[] = []
    for (const text of ['old', 'new']) {
      const member = await connect(id('member'), { clean: true })
      await member.subscribe(filter)
      expect(await publisher.publish(topic, text)).toBe(0)
      await member.until(text, () => member.texts.includes(text))
      ids.push(member.received.at(-1)?.messageId)
      member.acknowledge(...member.received)
      await member.ping()
    }
    expect(ids[0]).toBe(ids[1])
  })
})

describe('routing', () => {
  test('$share reaches topics that begin with $emqx; a wildcard at the root does not', async () => {
    const { name, id } = group()
    const topic = `$emqx/things/${name}/events/button`
    const [shared, root] = [await connect(id('shared')), await connect(id('root'))]
    await shared.subscribe(`$share/${name}/$emqx/things/+/events/+`)
    await root.subscribe(`+/things/${name}/events/+`)
    const publisher = await connect(id('publisher'))
    expect(await publisher.publish(topic, 'pressed', false, { traceparent: 't' })).toBe(0)
    await shared.until('it', () => shared.texts.includes('pressed'))
    expect(shared.received[0]?.properties?.userProperties).toEqual({ traceparent: 't' })
    await root.ping()
    expect(root.received).toEqual([])
  })

  test('a stored message goes to an ordinary subscription, never to a shared one', async () => {
    const { topic, filter, name, id } = group()
    const publisher = await connect(id('publisher'))
    await publisher.publish(topic, 'stored', true)
    const [shared, plain] = [await connect(id('shared')), await connect(id('plain'))]
    await shared.subscribe(filter)
    await plain.subscribe(`${name}/+`)
    await plain.until('it', () => plain.received.length === 1)
    expect(plain.received[0]).toMatchObject({ retain: true })
    await shared.ping()
    expect(shared.received).toEqual([])
    await publisher.publish(topic, '', true)
  })

  test('groups are told apart by their filters too: two spellings both get a message', async () => {
    const { topic, filter, name, id } = group()
    const [one, other] = [await connect(id('one')), await connect(id('other'))]
    await one.subscribe(filter)
    await other.subscribe(`$share/${name}/${name}/t`)
    const publisher = await connect(id('publisher'))
    expect(await publisher.publish(topic, 'twice')).toBe(0)
    for (const member of [one, other]) await member.until('it', () => member.texts.includes('twice'))
  })
})

describe('the will of a connection that is taken over', () => {
  /** Publishes `here` once connected again, and returns what a watcher sees. */
  async function watched(delaySeconds: number): Promise<readonly string[]> {
    const { name, id } = group()
    const watcher = await connect(id('watcher'))
    await watcher.subscribe(`${name}/#`)
    const will = { topic: `${name}/st`, payload: 'gone', delaySeconds }
    const device = await connect(id('device'), { clean: false, expiry: 60, will })
    const again = await connect(id('device'), { clean: false, expiry: 60 })
    await device.until('DISCONNECT', () => device.closed)
    expect(device.sentAway).toBe(0x8e)
    await again.publish(`${name}/st`, 'here')
    await watcher.until('here', () => watcher.texts.includes('here'))
    await watcher.ping()
    return watcher.texts
  }

  test('is published, although the client is there', async () => {
    expect(await watched(0)).toContain('gone')
  })

  test('is not, when it has a delay', async () => {
    expect(await watched(30)).toEqual(['here'])
  })
})
