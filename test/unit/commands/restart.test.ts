import { describe, expect, it } from 'vitest'
import { PartitionDriver, publications, published, SN, statuses, steps, T0 } from './partition-driver.ts'

const HOUR = 3_600_000
const wait = { ifOffline: 'WAIT', expiresAt: T0 + 60_000 } as const

function reread(driver: PartitionDriver, plain: Record<string, unknown>, timestamp = T0 - 1000) {
  const request = {
    commandId: 'c1',
    deviceSn: SN,
    op: 'ping',
    data: null,
    sensitive: false,
    ifOffline: 'FAIL' as const,
    requestedAt: 0,
    requestedBy: null,
    expiresAt: null,
    correlationId: null,
    ...plain,
  }
  const message = driver.message(Buffer.from([0]), { timestamp })
  return driver.partition.request(message, { kind: 'request', request }, driver.now, 'reread')
}

describe('a status read back', () => {
  it.each(['PUBLISHED', 'NO_SUBSCRIBER', 'DELIVERED', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const)(
    '%s is known',
    (status) => {
      const driver = new PartitionDriver()
      driver.restore({ status, attempt: 3, correlationId: 'x' })
      expect(statuses(driver.ask(wait))).toEqual([expect.objectContaining({ eventId: 'e', status, attempt: 3 })])
      expect(statuses(driver.reply({ status: 'ok' }))[0]).toMatchObject({ attempt: 3, op: 'ping', correlationId: 'x' })
    },
  )

  it.each(['REJECTED', 'UNKNOWN', 'EXPIRED'] as const)('%s alone is not', (status) => {
    const driver = new PartitionDriver()
    driver.restore({ status })
    expect(driver.reply({ status: 'ok' })).toEqual([{ kind: 'ignored', reason: 'reply_unknown' }])
    expect(steps(driver.ask())).toEqual(['ACCEPTED'])
  })

  it('ACCEPTED is taken up by the request that was accepted, not by one of that id that had expired by then', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'ACCEPTED', statusTime: T0 })
    const early = driver.ask({ expiresAt: T0 })
    expect([steps(early), publications(early).length]).toEqual([['ACCEPTED'], 0])
    const real = driver.ask({ expiresAt: T0 + 60_000 })
    expect([steps(real), publications(real).length]).toEqual([['ACCEPTED'], 1])
  })

  it('EXPIRED of a known pair counts, that of a forgotten one does not', () => {
    for (const [hours, step] of [
      [24, 'EXPIRED'],
      [25, 'PUBLISHED'],
    ] as const) {
      const driver = new PartitionDriver()
      driver.restore({ status: 'PUBLISHED', statusTime: T0 })
      driver.restore({ status: 'EXPIRED', statusTime: T0 + hours * HOUR })
      driver.now = T0 + 30 * HOUR
      expect(statuses(driver.ask({}, { timestamp: T0 }))[0]?.status).toBe(step)
    }
  })

  it('REJECTED does not replace what is known', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'PUBLISHED' })
    driver.restore({ status: 'REJECTED' })
    expect(steps(driver.ask())).toEqual(['PUBLISHED'])
  })

  it('gives the time of ACCEPTED, or else the first one read stands for it', () => {
    const seen = new PartitionDriver()
    seen.restore({ status: 'ACCEPTED', statusTime: T0 - HOUR })
    seen.restore({ status: 'PUBLISHED', statusTime: T0 - 1000 })
    expect(steps(seen.ask())).toEqual(['ACCEPTED'])

    const unseen = new PartitionDriver()
    unseen.restore({ status: 'WAITING', statusTime: T0 - HOUR + 1 })
    unseen.restore({ status: 'PUBLISHED', statusTime: T0 - 1000 })
    expect(steps(unseen.ask())).toEqual(['PUBLISHED'])
    unseen.now += 1
    expect(steps(unseen.ask())).toEqual(['ACCEPTED'])
  })

  it('of a later use of the id begins anew', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'PUBLISHED', statusTime: T0 - 2 * HOUR, attempt: 4 })
    driver.restore({ status: 'ACCEPTED', statusTime: T0 - 1000 })
    const effects = driver.ask()
    expect(steps(effects)).toEqual(['ACCEPTED'])
    expect(statuses(driver.answer(effects))[0]).toMatchObject({ status: 'PUBLISHED', attempt: 1 })
  })

  it('keeps a sensitive command sensitive', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'PUBLISHED', sensitive: true })
    expect(statuses(driver.reply({ status: 'ok', message: 'm', data: { a: 1 } }))[0]).toMatchObject({
      sensitive: true,
      message: null,
      result: null,
    })
  })
})

describe('ACCEPTED read back', () => {
  function accepted(plain: Record<string, unknown> = {}): PartitionDriver {
    const driver = new PartitionDriver()
    driver.restore({ status: 'ACCEPTED', statusTime: T0 - 10_000, correlationId: 'x', ...plain })
    return driver
  }

  it('waits for its request, and a reply counts', () => {
    const driver = accepted()
    expect(driver.partition.online(SN, driver.now)).toEqual([])
    expect(driver.partition.nextDeadline()).toBeNull()
    expect(statuses(driver.reply({ status: 'ok' }))[0]).toMatchObject({ status: 'SUCCEEDED', attempt: 1 })
    expect(steps(driver.ask())).toEqual(['SUCCEEDED'])
  })

  it('is published when the request is read, with what the record says', () => {
    const driver = accepted({ sensitive: true })
    const effects = driver.ask({ correlationId: 'y', data: '{"a":1}', sensitive: false })
    expect(statuses(effects)).toEqual([
      expect.objectContaining({ eventId: 'e', status: 'ACCEPTED', correlationId: 'x' }),
    ])
    expect(published(effects).payload.toString()).toBe('{"id":"c1","op":"ping","data":{"a":1}}')
    expect(statuses(driver.answer(effects))[0]).toMatchObject({
      status: 'PUBLISHED',
      attempt: 1,
      correlationId: 'x',
      sensitive: true,
    })
    expect(steps(driver.ask())).toEqual(['PUBLISHED'])
  })

  it('may come to wait', () => {
    const driver = accepted()
    expect(steps(driver.answer(driver.ask(wait), 0x10))).toEqual(['WAITING'])
  })

  it.each([
    { op: 'reboot' },
    { data: '[]' },
    { ifOffline: 'WAIT' },
    { ifOffline: 'WAIT', expiresAt: T0 + 604_800_001 },
  ] as const)('is not taken up by %j', (request) => {
    const driver = accepted()
    const effects = driver.ask(request)
    expect(steps(effects)).toEqual(['ACCEPTED'])
    expect(publications(effects)).toEqual([])
    expect(publications(driver.ask())).toHaveLength(1)
  })

  it('expires when its time has passed', () => {
    const driver = accepted()
    const effects = driver.ask({ expiresAt: T0 })
    expect(steps(effects)).toEqual(['ACCEPTED', 'EXPIRED EXPIRED'])
    expect(statuses(effects)[1]).toMatchObject({ statusTime: T0, attempt: 1 })
    expect(steps(driver.ask())).toEqual(['EXPIRED EXPIRED'])
  })

  it('of a door op has its short expiry from ACCEPTED on', () => {
    const door = { op: 'open_door' }
    expect(published(accepted(door).ask(door)).expiresAt).toBe(T0 + 20_000)
    expect(published(accepted(door).ask(door, { timestamp: T0 - 15_000 })).expiresAt).toBe(T0 + 15_000)
    const late = accepted({ ...door, statusTime: T0 - 30_000 })
    expect(steps(late.ask(door))).toEqual(['ACCEPTED', 'EXPIRED EXPIRED'])
  })

  it('is new once it is old', () => {
    const driver = accepted()
    driver.now = T0 - 10_000 + HOUR
    expect(statuses(driver.ask())[0]).toMatchObject({ status: 'ACCEPTED', statusTime: driver.now })
  })
})

describe('WAITING read back', () => {
  function restored(settings: Record<string, unknown> = {}): PartitionDriver {
    const driver = new PartitionDriver(settings)
    driver.restore({ status: 'ACCEPTED', statusTime: T0 - 20_000 })
    driver.restore({ status: 'WAITING', statusTime: T0 - 10_000, attempt: 2 })
    return driver
  }

  it('does nothing until the request is read', () => {
    const driver = restored()
    expect(driver.partition.online(SN, driver.now)).toEqual([])
    expect(driver.partition.nextDeadline()).toBeNull()
    driver.now = T0 + 70_000
    expect(driver.partition.fire(driver.now)).toEqual([])
  })

  it('waits again without the limit, and goes on counting', () => {
    const driver = restored({ commands: { limits: { waitingPerDevice: 0 } } })
    expect(steps(driver.ask(wait))).toEqual(['WAITING'])
    expect(driver.partition.nextDeadline()).toBe(wait.expiresAt)
    expect(statuses(driver.answer(driver.partition.online(SN, driver.now)))[0]).toMatchObject({
      status: 'PUBLISHED',
      attempt: 3,
    })
  })

  it('counts for the limit before its request is read', () => {
    const driver = restored({ commands: { limits: { waitingPerDevice: 1 } } })
    expect(steps(driver.answer(driver.ask({ ...wait, commandId: 'c2' }), 0x10))).toEqual(['NO_SUBSCRIBER WAIT_LIMIT'])
  })

  it('takes its old place', () => {
    const driver = new PartitionDriver()
    for (const commandId of ['c1', 'c2', 'c3'])
      driver.restore({ commandId, status: 'ACCEPTED', statusTime: T0 - 20_000 })
    for (const commandId of ['c3', 'c1', 'c2'])
      driver.restore({ commandId, status: 'WAITING', statusTime: T0 - 10_000 })
    driver.answer(driver.ask({ ...wait, commandId: 'c4' }), 0x10)
    for (const commandId of ['c2', 'c3', 'c1']) driver.ask({ ...wait, commandId })
    const ids = publications(driver.partition.online(SN, driver.now)).map(
      (each) => (JSON.parse(each.payload.toString()) as { id: string }).id,
    )
    expect(ids).toEqual(['c1', 'c2', 'c3', 'c4'])
  })

  it.each([{ ...wait, ifOffline: 'FAIL' }, { ...wait, op: 'reboot' }, { ifOffline: 'WAIT' }] as const)(
    'is not taken up by %j',
    (request) => {
      const driver = restored()
      expect(steps(driver.ask(request))).toEqual(['WAITING'])
      expect(driver.partition.online(SN, driver.now)).toEqual([])
    },
  )

  it('has expired when its expiry has passed', () => {
    const driver = restored()
    const effects = driver.ask({ ...wait, expiresAt: T0 - 5000 })
    expect(steps(effects)).toEqual(['WAITING', 'EXPIRED EXPIRED'])
    expect(statuses(effects)[1]).toMatchObject({ statusTime: T0, attempt: 2 })
  })

  it('counts as a wait until waitSeconds after ACCEPTED', () => {
    const end = T0 - 20_000 + 604_800_000
    const driver = restored()
    driver.now = end - 1
    expect(steps(driver.ask({ op: 'other' }))).toEqual(['WAITING'])
    driver.now = end
    expect(steps(driver.ask())).toEqual(['ACCEPTED'])
  })
})

describe('a request read again only to find what waits', () => {
  it('takes up what waits, however old', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'WAITING', statusTime: T0 - 50 * HOUR })
    const effects = reread(driver, wait, T0 - 51 * HOUR)
    expect(steps(effects)).toEqual(['WAITING'])
    expect(driver.partition.nextDeadline()).toBe(wait.expiresAt)
    expect(reread(driver, wait)).toEqual([])
  })

  it('else causes nothing', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'PUBLISHED' })
    expect(reread(driver, {})).toEqual([])
    expect(reread(driver, { commandId: 'c9' })).toEqual([])
    expect(reread(driver, { op: '', commandId: 'c9' })).toEqual([])
    expect(driver.partition.request(driver.message(null), { kind: 'tombstone' }, T0, 'reread')).toEqual([])
    expect(driver.partition.request(driver.message(Buffer.from('x')), { kind: 'unreadable' }, T0, 'reread')).toEqual([])
  })

  it('is not taken for the one of a later use of its id', () => {
    const driver = new PartitionDriver()
    driver.restore({ status: 'WAITING', statusTime: T0 - 10_000 })
    expect(reread(driver, { ...wait, expiresAt: T0 - 20_000 })).toEqual([])
    expect(steps(reread(driver, wait))).toEqual(['WAITING'])
  })
})

/** Guards commands/command-partition.ts `#takeUp`: seen to fail with `now` alone. */
it('the longest wait goes on with an owner whose clock is behind that of the one before', () => {
  const driver = new PartitionDriver()
  driver.restore({ status: 'WAITING', statusTime: T0 })
  driver.now = T0 - 1000
  const week = 7 * 24 * HOUR
  expect(steps(reread(driver, { ifOffline: 'WAIT', expiresAt: T0 + week }))).toEqual(['WAITING'])
  expect(driver.partition.nextDeadline()).toBe(T0 + week)
})

/** Guards commands/command-partition.ts `request`: seen to fail when only the time of the request counts there. */
it('commands are forgotten though the clock of those who ask stands still', () => {
  const driver = new PartitionDriver()
  for (let i = 0; i < 100; i += 1) driver.answer(driver.ask({ commandId: `a${i}` }, { timestamp: 0 }))
  driver.now += 9 * 24 * HOUR
  for (let i = 0; i < 100; i += 1) driver.answer(driver.ask({ commandId: `b${i}` }, { timestamp: 0 }))
  expect(driver.partition.counts().known).toBe(100)
})
