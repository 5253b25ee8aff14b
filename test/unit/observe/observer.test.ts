import { describe, expect, it } from 'vitest'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import { Observer } from '../../../src/observe/observer.ts'

function observed(options: { level?: 'info' | 'debug'; secrets?: string[] } = {}) {
  const lines: Record<string, unknown>[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
  const observer = new Observer({
    level: options.level ?? 'info',
    version: '1.2.3',
    node: 'v20.20.2',
    secrets: options.secrets ?? [],
    stream,
  })
  const sample = async (name: string) =>
    Number(
      (await observer.metricsText())
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    )
  return { observer, lines, sample }
}

const down: BridgeEvent = {
  event: 'mqtt_disconnected',
  connection: 'bridge-0-evt-0',
  reason: 'econnrefused',
  wasConnected: false,
  sessionGone: false,
  retryInMs: 500,
}

describe('an event', () => {
  it('is one line with its fields and nothing else', () => {
    const { observer, lines } = observed()
    const extra = { ...down, password: 'hunter2' }
    observer.emit(extra)
    expect(lines).toHaveLength(1)
    const { time, ...line } = lines[0]!
    expect(Number.isNaN(Date.parse(String(time)))).toBe(false)
    expect(line).toEqual({
      level: 'warn',
      event: 'mqtt_disconnected',
      connection: 'bridge-0-evt-0',
      reason: 'econnrefused',
      wasConnected: false,
      sessionGone: false,
      retryInMs: 500,
      msg: 'no connection to the MQTT broker; trying again',
    })
  })

  it('moves its metrics', async () => {
    const { observer, sample } = observed()
    observer.emit(down)
    observer.emit({ ...down, reason: 'tls' })
    expect(await sample('bridge_mqtt_disconnects_total{reason="econnrefused"}')).toBe(1)
    expect(await sample('bridge_mqtt_disconnects_total{reason="tls"}')).toBe(1)
    expect(await sample('bridge_mqtt_connections')).toBe(0)
  })

  it('of good work is silent', () => {
    const { observer, lines } = observed({ level: 'debug' })
    observer.emit({ event: 'batch_stored', records: 10, deadLetters: new Map(), bytes: 1000, durationMs: 3 })
    observer.emit({ event: 'inputs_decided', input: 'mqtt', messages: 10, received: 10, ignored: new Map() })
    expect(lines).toEqual([])
  })

  it('that repeats is one line for each change of state', () => {
    const { observer, lines } = observed()
    for (let attempt = 0; attempt < 50; attempt += 1) observer.emit(down)
    expect(lines).toHaveLength(1)
    observer.emit({ ...down, connection: 'bridge-0-st-0' })
    expect(lines).toHaveLength(2)
    observer.emit({ ...down, reason: 'not_authorized' })
    expect(lines).toHaveLength(3)
    observer.emit({ event: 'mqtt_connected', connection: down.connection, sessionPresent: true, receiveMaximum: 32 })
    observer.emit({ ...down, reason: 'not_authorized' })
    expect(lines.map((line) => line['event'])).toEqual([
      'mqtt_disconnected',
      'mqtt_disconnected',
      'mqtt_disconnected',
      'mqtt_connected',
      'mqtt_disconnected',
    ])
  })

  it('never shows a secret of the configuration', () => {
    const { observer, lines } = observed({ secrets: ['hunter2', ''] })
    observer.emit({ event: 'process_failed', code: 'x', error: 'login as a:hunter2@host failed (hunter2)' })
    observer.emit({ event: 'kafka_topics_missing', topics: ['hunter2'] })
    expect(JSON.stringify(lines)).not.toContain('hunter2')
    expect(lines[0]!['error']).toBe('login as a:(secret)@host failed ((secret))')
  })

  it('cuts text that is far too long', () => {
    const { observer, lines } = observed()
    observer.emit({ event: 'process_failed', code: 'x', error: 'y'.repeat(1_000_000) })
    expect(String(lines[0]!['error']).length).toBeLessThan(2100)
  })

  it('is checked by the compiler', () => {
    const { observer } = observed()
    // @ts-expect-error: no such event
    expect(() => observer.emit({ event: 'mqtt_conected' })).toThrow()
    // @ts-expect-error: a field is missing
    observer.emit({ event: 'kafka_send_recovered' })
  })
})

describe('conservation', () => {
  it('is 0 when everything is accounted for, and shows what is not', async () => {
    const { observer, sample } = observed()
    let pending = 0
    observer.conservation.pendingFrom(() => pending)
    observer.emit({
      event: 'inputs_decided',
      input: 'mqtt',
      messages: 8,
      received: 10,
      ignored: new Map([['repeat_in_batch', 2]]),
    })
    pending = 8
    expect(await sample('bridge_pending')).toBe(8)
    expect(await sample('bridge_conservation_difference')).toBe(0)
    pending = 3
    expect(await sample('bridge_conservation_difference')).toBe(5)
    observer.emit({
      event: 'batch_stored',
      records: 5,
      deadLetters: new Map([['TIME_INVALID', 2]]),
      bytes: 500,
      durationMs: 4,
    })
    expect(await sample('bridge_conservation_difference')).toBe(0)
    expect(await sample('bridge_received_total')).toBe(10)
    expect(await sample('bridge_produced_total')).toBe(3)
    expect(await sample('bridge_dead_lettered_total{code="TIME_INVALID"}')).toBe(2)
    expect(await sample('bridge_ignored_total{reason="repeat_in_batch"}')).toBe(2)
  })

  it('sees counts that are emitted at the scrape itself', async () => {
    const { observer, sample } = observed()
    let unsaid = 7
    observer.conservation.pendingFrom(() => 7)
    observer.beforeScrape(() => {
      observer.emit({ event: 'inputs_decided', input: 'mqtt', messages: unsaid, received: unsaid, ignored: new Map() })
      unsaid = 0
    })
    expect(await sample('bridge_conservation_difference')).toBe(0)
    expect(await sample('bridge_received_total')).toBe(7)
  })
})
