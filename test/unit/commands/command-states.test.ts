import { describe, expect, it } from 'vitest'
import { PartitionDriver, publications, published, records, SN, statuses, steps, T0 } from './partition-driver.ts'

const HOUR = 3_600_000
const wait = { ifOffline: 'WAIT', expiresAt: T0 + 60_000 } as const

/** A driver with one command that waits since T0. */
function waiting(settings: Record<string, unknown> = {}, request: Record<string, unknown> = {}): PartitionDriver {
  const driver = new PartitionDriver(settings)
  expect(steps(driver.answer(driver.ask({ ...wait, ...request }), 0x10))).toEqual(['WAITING'])
  return driver
}

describe('a PUBACK', () => {
  it.each([
    [0x00, 'FAIL', 'PUBLISHED', null],
    [0x11, 'FAIL', 'PUBLISHED', null],
    [0x7f, 'WAIT', 'PUBLISHED', null],
    [0x10, 'FAIL', 'NO_SUBSCRIBER NO_SUBSCRIBER', null],
    [0x80, 'FAIL', 'FAILED BROKER_REFUSED', '0x80'],
    [0x87, 'WAIT', 'FAILED BROKER_REFUSED', '0x87'],
    [0x9a, 'FAIL', 'FAILED BROKER_REFUSED', '0x9a'],
  ] as const)('of %i with %s: %s', (code, ifOffline, step, message) => {
    const driver = new PartitionDriver()
    const request = driver.ask({ ifOffline, expiresAt: T0 + 60_000, sensitive: true })
    driver.now += 5
    const effects = driver.answer(request, code)
    expect(steps(effects)).toEqual([step])
    expect(statuses(effects)[0]).toMatchObject({ message, attempt: 1, statusTime: T0 + 5, sensitive: true })
    expect(driver.partition.nextDeadline()).toBeNull()
  })

  it('counts once', () => {
    const driver = new PartitionDriver()
    const request = driver.ask()
    expect(driver.answer(request)).toHaveLength(1)
    expect(driver.answer(request)).toEqual([])
  })

  it('after a reply changes nothing', () => {
    const driver = new PartitionDriver()
    const request = driver.ask(wait)
    expect(steps(driver.reply({ status: 'ok' }))).toEqual(['SUCCEEDED'])
    expect(driver.answer(request, 0x10)).toEqual([])
    expect(steps(driver.ask())).toEqual(['SUCCEEDED'])
  })

  it('never comes for a publication whose expiry came first', () => {
    const driver = new PartitionDriver()
    const { ticket } = published(driver.ask(wait))
    driver.now = T0 + 60_001
    const effects = driver.partition.unsent(ticket, driver.now)
    expect(steps(effects)).toEqual(['EXPIRED EXPIRED'])
    expect(statuses(effects)[0]).toMatchObject({ attempt: 1, statusTime: driver.now })
    expect(driver.partition.puback(ticket, 0, driver.now)).toEqual([])
  })

  it.each([
    [false, 1],
    [true, 2],
  ])(
    'came in vain (sent: %s): the second publication, expired without an answer, is attempt %i',
    (wasSent, attempt) => {
      const driver = waiting()
      const { ticket } = published(driver.partition.online(SN, driver.now))
      driver.now = T0 + 60_001
      expect(statuses(driver.partition.unsent(ticket, driver.now, wasSent))[0]).toMatchObject({
        status: 'EXPIRED',
        attempt,
      })
    },
  )
})

describe('waiting', () => {
  it('ends with the next ONLINE, in order of acceptance, with the remaining expiry', () => {
    const driver = waiting()
    driver.answer(driver.ask({ ...wait, commandId: 'c2' }), 0x10)
    driver.answer(driver.ask({ ...wait, commandId: 'c3', deviceSn: 'OTHER' }), 0x10)
    driver.now += 1500
    const effects = driver.partition.online(SN, driver.now)
    const ids = publications(effects).map((each) => (JSON.parse(each.payload.toString()) as { id: string }).id)
    expect(ids).toEqual(['c1', 'c2'])
    expect(publications(effects).map((each) => each.expirySeconds)).toEqual([58, 58])
    const [first, second] = publications(effects)
    // The second is answered first and waits again: it keeps its place behind the first all the same.
    driver.partition.puback(second?.ticket ?? 0, 0x10, driver.now)
    const [again] = statuses(driver.partition.puback(first?.ticket ?? 0, 0x10, driver.now))
    expect(again).toMatchObject({ status: 'WAITING', attempt: 2 })
    const third = publications(driver.partition.online(SN, driver.now))
    expect(third.map((each) => each.payload.toString().includes('"c1"'))).toEqual([true, false])
    expect(statuses(driver.partition.puback(third[0]?.ticket ?? 0, 0, driver.now))[0]).toMatchObject({
      status: 'PUBLISHED',
      attempt: 3,
    })
  })

  it('is limited for each device, and not for one that waits again', () => {
    const settings = { commands: { limits: { waitingPerDevice: 1 } } }
    const driver = waiting(settings)
    const effects = driver.answer(driver.ask({ ...wait, commandId: 'c2' }), 0x10)
    expect(steps(effects)).toEqual(['NO_SUBSCRIBER WAIT_LIMIT'])
    expect(steps(driver.answer(driver.ask({ ...wait, commandId: 'c2', deviceSn: 'OTHER' }), 0x10))).toEqual(['WAITING'])
    expect(steps(driver.answer(driver.partition.online(SN, driver.now), 0x10))).toEqual(['WAITING'])
  })

  it('may be forbidden', () => {
    const driver = new PartitionDriver({ commands: { limits: { waitingPerDevice: 0 } } })
    expect(steps(driver.answer(driver.ask(wait), 0x10))).toEqual(['NO_SUBSCRIBER WAIT_LIMIT'])
  })

  it('ends at the expiry, at its time however late the timer fires', () => {
    const driver = waiting()
    expect(driver.partition.nextDeadline()).toBe(wait.expiresAt)
    expect(driver.partition.fire(wait.expiresAt - 1)).toEqual([])
    const effects = driver.partition.fire(wait.expiresAt + 5000)
    expect(steps(effects)).toEqual(['EXPIRED EXPIRED'])
    expect(statuses(effects)[0]).toMatchObject({ statusTime: wait.expiresAt, attempt: 1 })
    expect(records(effects)[0]?.timestamp).toBe(wait.expiresAt)
    expect(driver.partition.nextDeadline()).toBeNull()
    expect(driver.partition.online(SN, driver.now)).toEqual([])
  })

  it('expires equal deadlines in order of acceptance and others in order of time', () => {
    const driver = new PartitionDriver()
    const expiries = [30, 10, 20, 10, 50, 40, 10]
    expiries.forEach((seconds, index) => {
      const request = { ...wait, commandId: `c${index}`, expiresAt: T0 + seconds * 1000 }
      driver.answer(driver.ask(request), 0x10)
    })
    const ids = statuses(driver.partition.fire(T0 + 60_000)).map((status) => status.commandId)
    expect(ids).toEqual(['c1', 'c3', 'c6', 'c2', 'c0', 'c5', 'c4'])
  })

  it.each(['accepted', 'ok', 'no'])('ends with the reply %s', (status) => {
    const driver = waiting()
    driver.reply({ status })
    expect(driver.partition.online(SN, driver.now)).toEqual([])
    expect(driver.partition.nextDeadline()).toBeNull()
  })

  it('again and again keeps one timer, which still fires', () => {
    const driver = waiting()
    for (let round = 0; round < 50; round++) {
      const again = driver.partition.online(SN, driver.now)
      expect(driver.partition.nextDeadline()).toBeNull()
      driver.answer(again, 0x10)
      expect(driver.partition.nextDeadline()).toBe(wait.expiresAt)
      driver.now += 1000
    }
    expect(steps(driver.partition.fire(wait.expiresAt))).toEqual(['EXPIRED EXPIRED'])
  })

  it('is found expired by an input in the millisecond of its expiry', () => {
    const online = waiting()
    online.now = wait.expiresAt
    expect(steps(online.partition.online(SN, online.now))).toEqual(['EXPIRED EXPIRED'])

    const reply = waiting()
    reply.now = wait.expiresAt
    expect(steps(reply.reply({ status: 'ok' }))).toEqual(['EXPIRED EXPIRED', 'SUCCEEDED'])

    const repeat = waiting()
    repeat.now = wait.expiresAt
    const effects = repeat.ask(wait)
    expect(steps(effects)).toEqual(['EXPIRED EXPIRED', 'EXPIRED EXPIRED'])
    expect(records(effects)[0]?.value).toEqual(records(effects)[1]?.value)
    expect(repeat.partition.fire(repeat.now)).toEqual([])
  })

  it('is over before an input is judged that is a repeat no longer', () => {
    const driver = waiting({}, { expiresAt: T0 + 2 * HOUR })
    driver.now = T0 + 2 * HOUR
    expect(steps(driver.ask({ ifOffline: 'FAIL' }))).toEqual(['EXPIRED EXPIRED', 'ACCEPTED'])
  })

  it('does not miss an ONLINE between its publication and the PUBACK', () => {
    const driver = new PartitionDriver()
    const request = driver.ask(wait)
    expect(driver.partition.online(SN, driver.now)).toEqual([])
    const effects = driver.answer(request, 0x10)
    expect(steps(effects)).toEqual(['WAITING'])
    expect(steps(driver.answer(effects))).toEqual(['PUBLISHED'])
  })

  it('holds the offset of the request', () => {
    const driver = new PartitionDriver()
    expect(driver.partition.heldOffset()).toBeNull()
    driver.offset = 41
    driver.answer(driver.ask({ commandId: 'c0' }))
    driver.answer(driver.ask(wait), 0x10)
    driver.answer(driver.ask({ ...wait, commandId: 'c2' }), 0x10)
    expect(driver.partition.heldOffset()).toBe(42n)
    driver.reply({ status: 'ok' })
    expect(driver.partition.heldOffset()).toBe(43n)
    driver.partition.fire(wait.expiresAt)
    expect(driver.partition.heldOffset()).toBeNull()
  })
})

describe('a repeat', () => {
  it('gives the last status unchanged, and checks and publishes nothing', () => {
    const driver = new PartitionDriver()
    const request = driver.ask({ correlationId: 'x' })
    driver.now += 1000
    const [open] = statuses(driver.ask({ correlationId: 'y', op: 'NOT AN OP' }))
    expect(open).toEqual(statuses(request)[0])
    const answer = driver.answer(request)
    driver.now += 1000
    const effects = driver.ask({ deviceSn: SN, data: 'no json' })
    expect(records(effects)[0]?.value).toEqual(statuses(answer)[0])
    expect(records(effects)[0]?.timestamp).toBe(statuses(answer)[0]?.statusTime)
    expect(publications(effects)).toEqual([])
  })

  it('is one for less than dedupSeconds after ACCEPTED, and prolongs nothing', () => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask())
    driver.now = T0 + HOUR - 1
    expect(steps(driver.ask())).toEqual(['PUBLISHED'])
    driver.now = T0 + HOUR
    const again = driver.ask()
    expect(steps(again)).toEqual(['ACCEPTED'])
    expect(statuses(again)[0]?.attempt).toBe(1)
    expect(statuses(driver.answer(again))[0]?.attempt).toBe(1)
  })

  it('is one by its own time when that is earlier', () => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask())
    driver.now = T0 + 100 * HOUR
    expect(steps(driver.ask({}, { timestamp: T0 - 5 }))).toEqual(['PUBLISHED'])
    expect(steps(driver.ask({}, { timestamp: driver.now + 5 }))).toEqual(['ACCEPTED'])
  })

  it('is one while the command waits, whatever its age', () => {
    const driver = waiting({}, { expiresAt: T0 + 50 * HOUR })
    driver.now = T0 + 49 * HOUR
    expect(steps(driver.ask({ op: 'other' }))).toEqual(['WAITING'])
    expect(steps(driver.answer(driver.partition.online(SN, driver.now)))).toEqual(['PUBLISHED'])
  })

  it('is one of serial and id together', () => {
    const driver = new PartitionDriver()
    driver.answer(driver.ask())
    expect(steps(driver.ask({ deviceSn: 'OTHER' }))).toEqual(['ACCEPTED'])
    expect(steps(driver.ask({ commandId: 'C1' }))).toEqual(['ACCEPTED'])
  })

  it('is none of a request that was refused or had expired', () => {
    const driver = new PartitionDriver()
    driver.ask({ data: '[]' })
    driver.ask({ expiresAt: T0 })
    expect(steps(driver.reply({ status: 'ok' }))).toEqual([])
    expect(steps(driver.ask())).toEqual(['ACCEPTED'])
  })

  it('has the headers of the request now read', () => {
    const driver = new PartitionDriver()
    const trace = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`
    driver.traceparent = trace('1')
    driver.answer(driver.ask(wait), 0x10)
    driver.traceparent = trace('2')
    expect(records(driver.ask())[0]?.headers).toEqual({ traceparent: trace('2') })
    driver.traceparent = null
    expect(records(driver.ask())[0]?.headers).toBeNull()
    // What an ONLINE or a timer causes has that of the request that was accepted.
    expect(records(driver.answer(driver.partition.online(SN, driver.now), 0x10))[0]?.headers).toEqual({
      traceparent: trace('1'),
    })
    expect(records(driver.partition.fire(wait.expiresAt))[0]?.headers).toEqual({ traceparent: trace('1') })
  })
})

describe('memory', () => {
  it('lasts for rememberSeconds after the last status, that millisecond included', () => {
    for (const [late, known] of [
      [0, true],
      [1, false],
    ] as const) {
      const driver = new PartitionDriver()
      driver.answer(driver.ask())
      driver.now = T0 + HOUR
      driver.reply({ status: 'accepted' })
      driver.now += 24 * HOUR + late
      expect(steps(driver.reply({ status: 'ok' }))).toEqual(known ? ['SUCCEEDED'] : [])
    }
  })

  it('gives up what is no longer known, a little with each request', () => {
    const driver = new PartitionDriver()
    for (let index = 0; index < 5000; index++) driver.answer(driver.ask({ commandId: `c${index}` }))
    driver.answer(driver.ask({ commandId: 'w', ifOffline: 'WAIT', expiresAt: T0 + 100 * HOUR }), 0x10)
    expect(driver.partition.counts()).toEqual({ known: 5001, publishing: 0, waiting: 1 })
    driver.now = T0 + 24 * HOUR + 1
    for (let index = 0; index < 1000; index++) driver.answer(driver.ask({ commandId: `d${index}` }))
    expect(driver.partition.counts().known).toBe(1001)
    expect(steps(driver.ask({ commandId: 'w' }))).toEqual(['WAITING'])
  })

  it('is not given to a later use of the id while a publication is out', () => {
    const driver = new PartitionDriver()
    const first = driver.ask(wait)
    driver.now = T0 + HOUR
    expect(steps(driver.ask(wait))).toEqual(['ACCEPTED'])
    expect(publications(driver.ask(wait))).toEqual([])
    expect(steps(driver.answer(first))).toEqual(['PUBLISHED'])
    expect(statuses(driver.ask())[0]?.statusTime).toBe(driver.now)
  })

  it('keeps the place of a command that is published again', () => {
    const driver = waiting({ commands: { limits: { waitingPerDevice: 1 } } })
    const again = driver.partition.online(SN, driver.now)
    expect(steps(driver.answer(driver.ask({ ...wait, commandId: 'c2' }), 0x10))).toEqual(['NO_SUBSCRIBER WAIT_LIMIT'])
    expect(steps(driver.answer(again, 0x10))).toEqual(['WAITING'])
  })
})
