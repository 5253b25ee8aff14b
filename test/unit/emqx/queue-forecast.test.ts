import { describe, expect, it } from 'vitest'
import type { ClientLook } from '../../../src/emqx/client-list.ts'
import { forecastOf, numbersOf, type QueueLook } from '../../../src/emqx/queue-forecast.ts'

const quiet: ClientLook = {
  clientId: 'bridge-g-evt-0',
  connected: true,
  queued: 0,
  queueLimit: 1000,
  dropped: 0,
  inFlight: 0,
  inFlightLimit: 32,
  sent: 0,
}

function look(at: number, ...clients: readonly ClientLook[]): QueueLook {
  return { at, clients: new Map(clients.map((client) => [client.clientId, client])) }
}

/** Forecast of one session from how it was and is, ten seconds later. */
function forecast(was: Partial<ClientLook>, is: Partial<ClientLook>) {
  const now = { ...quiet, ...is }
  return forecastOf([now], [look(0, { ...quiet, ...was }), look(10_000, now)])
}

/** Guards emqx/queue-forecast.ts: each row was seen to fail with the term it names left out. */
describe('until the broker drops', () => {
  it.each([
    ['nothing waits', {}, {}, Number.POSITIVE_INFINITY],
    ['100 more in ten seconds, room for 800', { queued: 100 }, { queued: 200 }, 80],
    ['shrinking', { queued: 900 }, { queued: 100 }, Number.POSITIVE_INFINITY],
    ['full', { queued: 1000 }, { queued: 1000 }, 0],
    ['full for the first time', { queued: 0 }, { queued: 1000 }, 0],
    [
      'without a limit',
      { queueLimit: Number.POSITIVE_INFINITY },
      { queueLimit: Number.POSITIVE_INFINITY, queued: 10 },
      Number.POSITIVE_INFINITY,
    ],
  ])('%s', (_what, was, is, seconds) => {
    expect(forecast(was, is)?.untilDropSeconds).toBe(seconds)
  })

  it('is that of the worst session, each since it was seen first', () => {
    const late = { ...quiet, clientId: 'bridge-g-evt-1' }
    const now = [
      { ...quiet, queued: 10 },
      { ...late, queued: 500 },
    ]
    const looks = [look(0, quiet), look(5000, quiet, late), look(15_000, ...now)]
    expect(forecastOf(now, looks)?.untilDropSeconds).toBe(10)
  })

  it('is not known of a session that was not there before', () => {
    expect(forecastOf([quiet], [look(0, quiet)])).toBeNull()
    expect(forecastOf([quiet], [look(0), look(10_000, quiet)])).toBeNull()
  })
})

describe('how long an outage may last', () => {
  it.each([
    ['nothing arrives', {}, {}, Number.POSITIVE_INFINITY],
    // 1032 places, 10.32 a second.
    ['all is sent on', { sent: 0 }, { sent: 103.2 }, 100],
    ['some waits, some is in flight', {}, { queued: 100, inFlight: 32 }, 90],
    ['some was dropped', { queued: 1000 }, { queued: 1000, inFlight: 22, dropped: 100 }, 1],
    ['the client has reconnected, so its count began anew', { sent: 5000 }, { sent: 103.2 }, 100],
  ])('%s', (_what, was, is, seconds) => {
    expect(forecast(was, is)?.outageSeconds).toBeCloseTo(seconds, 6)
  })
})

describe('numbers', () => {
  it('are those of the fullest, and sums', () => {
    const away = { ...quiet, connected: false, queued: 250, queueLimit: 500, inFlight: 32, dropped: 7 }
    const busy = { ...quiet, queued: 100, inFlight: 8, dropped: 1 }
    expect(numbersOf([away, busy])).toEqual({
      connected: 1,
      away: 1,
      queued: 350,
      queueLimit: 500,
      queueUsed: 0.5,
      dropped: 8,
      // Of one that is away nobody could acknowledge anything.
      inFlightUsed: 0.25,
    })
  })
})
