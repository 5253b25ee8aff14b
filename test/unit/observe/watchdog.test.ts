import { describe, expect, it } from 'vitest'
import { Conditions } from '../../../src/observe/conditions.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import { type Lane, Watchdog } from '../../../src/observe/watchdog.ts'

function watched(patienceMs = 0) {
  let now = 5000
  const events: BridgeEvent[] = []
  const live = new Conditions(['ingest.progress'], true, { now: () => now }, () => undefined)
  const watchdog = new Watchdog(
    10_000,
    live,
    (event) => void events.push(event),
    () => now,
  )
  const part = { connected: true, lanes: [] as Lane[] }
  watchdog.watch({
    part: 'mqtt_source',
    condition: 'ingest.progress',
    patienceMs,
    connected: () => part.connected,
    lanes: () => part.lanes,
  })
  const lane = (pending: number, done: number, name = 'evt-0 link 2') => ({ name, pending, done, says: 'of some age' })
  /** One look a second. */
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i += 1) {
      now += 1000
      watchdog.look()
    }
  }
  const sleep = (ms: number): void => {
    now += ms
    watchdog.look()
  }
  watchdog.look()
  return { part, lane, pass, sleep, live, events }
}

describe('the watchdog', () => {
  /** Guards observe/watchdog.ts `now - before.since >= limitMs`, and that it is said once. */
  it('calls work that is pending and does not move a hang, once, and says when it moves again', () => {
    const { part, lane, pass, live, events } = watched()
    part.lanes = [lane(3, 7), lane(0, 9, 'st-0 link 1')]
    pass(10)
    expect(live.holds).toBe(true)
    pass(5)
    expect(live.holds).toBe(false)
    expect(live.all()[0]?.reason).toBe('nothing finishes: mqtt_source')
    const what = ['evt-0 link 2: 3 pending, of some age']
    expect(events).toEqual([{ event: 'watchdog_stalled', part: 'mqtt_source', forMs: 10_000, pending: 3, what }])
    part.lanes = [lane(3, 8)]
    pass(1)
    expect(live.holds).toBe(true)
    expect(events.slice(1)).toEqual([{ event: 'watchdog_recovered', part: 'mqtt_source', afterMs: 5000 }])
  })

  it('has nothing to say while something finishes, or nothing is pending, however long', () => {
    const { part, lane, pass, events } = watched()
    for (let done = 0; done < 20; done += 1) {
      part.lanes = [lane(1000, done)]
      pass(9)
    }
    part.lanes = [lane(0, 20)]
    pass(100)
    expect(events).toEqual([])
  })

  /** Guards `idle`: an outage of a server must not become a restart. Seen to fail without `!watched.connected()`. */
  it('counts only while the other sides are there', () => {
    const { part, lane, pass, events } = watched()
    part.lanes = [lane(5, 0)]
    part.connected = false
    pass(100)
    part.connected = true
    pass(9)
    expect(events).toEqual([])
    pass(2)
    expect(events).toHaveLength(1)
  })

  /** Guards `wasAsleep`: seen to fail without it. */
  it('does not count a time in which the process itself was asleep', () => {
    const { part, lane, pass, sleep, events } = watched()
    part.lanes = [lane(5, 0)]
    pass(3)
    sleep(60_000)
    pass(9)
    expect(events).toEqual([])
    pass(2)
    expect(events).toHaveLength(1)
  })

  it('forgets a connection that is over, and begins anew with the next', () => {
    const { part, lane, pass, live, events } = watched()
    part.lanes = [lane(5, 0)]
    pass(12)
    part.lanes = [lane(5, 0, 'evt-0 link 3')]
    pass(1)
    expect(live.holds).toBe(true)
    expect(events.map(({ event }) => event)).toEqual(['watchdog_stalled', 'watchdog_recovered'])
  })

  it('waits for deadlines that are longer', () => {
    const { part, lane, pass, events } = watched(60_000)
    part.lanes = [lane(5, 0)]
    pass(59)
    expect(events).toEqual([])
    pass(3)
    expect(events).toHaveLength(1)
  })
})
