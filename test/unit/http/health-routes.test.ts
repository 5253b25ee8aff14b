import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { healthRoutes } from '../../../src/http/health-routes.ts'
import { HttpServer } from '../../../src/http/http-server.ts'
import { Conditions } from '../../../src/observe/conditions.ts'
import { Downscale } from '../../../src/observe/downscale.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import { Observer } from '../../../src/observe/observer.ts'

const servers: HttpServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0)
})

async function serve() {
  const events: BridgeEvent[] = []
  let now = Date.parse('2026-06-21T04:00:00.000Z')
  const clock = { now: () => now }
  const changed = (ready: boolean, waitingFor: readonly string[]) =>
    void events.push({ event: 'readiness_changed', ready, waitingFor })
  const health = {
    live: new Conditions(['sink'], true, clock, () => undefined),
    started: new Conditions(['mqtt', 'kafka'], false, clock, () => undefined),
    ready: new Conditions(['mqtt', 'kafka'], false, clock, changed),
  }
  const observer = new Observer({ level: 'info', version: '1', node: 'v20', stream: { write: () => undefined } })
  const emit = (event: BridgeEvent) => void events.push(event)
  const downscale = new Downscale(clock, emit, () => ['bridge-g-evt-3'])
  const routes = healthRoutes(health, observer, downscale, clock, emit)
  const at = (port: number) => {
    const options = { part: 'health', setting: 'observe', host: '127.0.0.1', port, tls: null }
    return new HttpServer(options, routes, emit)
  }
  const server = at(0)
  servers.push(server)
  const port = await server.open()
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
  return { health, events, get, at, port, server, downscale, pass: (ms: number) => (now += ms) }
}

describe('conditions', () => {
  it('hold when all of them do, and tell each change of the whole once', async () => {
    const { health, events } = await serve()
    events.length = 0
    expect(health.ready.holds).toBe(false)
    health.ready.say('mqtt', true, 'subscribed')
    health.ready.say('mqtt', true, 'subscribed')
    expect(health.ready.missing()).toEqual(['kafka'])
    health.ready.say('kafka', true, 'answers')
    expect(health.ready.holds).toBe(true)
    health.ready.say('mqtt', false, 'connection refused')
    health.ready.say('kafka', false, 'stalled')
    expect(events).toEqual([
      { event: 'readiness_changed', ready: true, waitingFor: [] },
      { event: 'readiness_changed', ready: false, waitingFor: ['mqtt'] },
    ])
  })

  it('say since when, whatever reason is given in between', async () => {
    const { health, pass } = await serve()
    pass(1000)
    health.ready.say('mqtt', true, 'connected')
    pass(1000)
    health.ready.say('mqtt', true, 'subscribed')
    expect(health.ready.all()[0]).toEqual({
      name: 'mqtt',
      holds: true,
      reason: 'subscribed',
      since: Date.parse('2026-06-21T04:00:01.000Z'),
    })
  })

  it('that nobody announced are a bug', async () => {
    const { health } = await serve()
    expect(() => health.ready.say('mqqt', true, '')).toThrow('mqqt')
  })
})

describe('the health server', () => {
  it('answers with each condition and its reason', async () => {
    const { health, get } = await serve()
    const waiting = await get('/readyz')
    expect(waiting.status).toBe(503)
    expect(waiting.headers.get('content-type')).toBe('application/json')
    health.ready.say('mqtt', true, 'subscribed')
    health.ready.say('kafka', true, 'answers')
    const ready = await get('/readyz?verbose')
    expect(ready.status).toBe(200)
    expect(await ready.json()).toEqual({
      status: 'ok',
      conditions: [
        { name: 'mqtt', holds: true, reason: 'subscribed', since: '2026-06-21T04:00:00.000Z' },
        { name: 'kafka', holds: true, reason: 'answers', since: '2026-06-21T04:00:00.000Z' },
      ],
    })
    expect((await get('/startupz')).status).toBe(503)
    expect((await get('/livez')).status).toBe(200)
    health.live.say('sink', false, 'nothing has finished for 60 s')
    expect((await get('/livez')).status).toBe(503)
  })

  it('serves the metrics', async () => {
    const { get } = await serve()
    const answer = await get('/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toContain('bridge_conservation_difference 0\n')
  })

  it('takes GET and HEAD on what it serves, and nothing else', async () => {
    const { get } = await serve()
    const head = await get('/readyz', 'HEAD')
    expect(head.status).toBe(503)
    expect(await head.text()).toBe('')
    expect((await get('/readyz', 'POST')).status).toBe(405)
    expect((await get('/readyz', 'POST')).headers.get('allow')).toBe('GET, HEAD')
    expect((await get('/secret')).status).toBe(404)
  })

  /** Guards observe/downscale.ts `if (this.#prepared) return`: seen to fail without it. */
  it('is told that the worker goes for good, once however often, and that it stays', async () => {
    const { events, get, downscale, pass } = await serve()
    events.length = 0
    const state = async (method: string) => {
      const answer = await get('/prepare-downscale', method)
      expect(answer.status).toBe(200)
      return (await answer.json()) as Record<string, unknown>
    }
    const sessions = ['bridge-g-evt-3']
    expect(await state('GET')).toMatchObject({ status: 'not prepared', since: null, sessions })
    expect(await state('POST')).toMatchObject({
      status: 'prepared',
      since: '2026-06-21T04:00:00.000Z',
      sessions,
      next: expect.stringContaining('SIGTERM') as string,
    })
    pass(1000)
    expect(await state('POST')).toMatchObject({ status: 'prepared', since: '2026-06-21T04:00:00.000Z' })
    expect(downscale.prepared).toBe(true)
    expect(await state('DELETE')).toMatchObject({ status: 'not prepared', since: '2026-06-21T04:00:01.000Z' })
    expect(await state('DELETE')).toMatchObject({ status: 'not prepared' })
    expect(downscale.prepared).toBe(false)
    expect(events).toEqual([{ event: 'downscale_prepared', sessions }, { event: 'downscale_cancelled' }])
    expect((await get('/prepare-downscale', 'PUT')).status).toBe(405)
  })

  it('says which setting to change when its port is taken', async () => {
    const { port, at } = await serve()
    await expect(at(port).open()).rejects.toMatchObject({
      kind: 'fatal',
      code: 'cannot_listen',
      message: expect.stringContaining('observe.port') as string,
    })
  })

  it('closes although somebody keeps a connection open', async () => {
    const { port, server } = await serve()
    const socket = connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    const gone = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => undefined)
    socket.resume()
    await server.close(0)
    servers.length = 0
    await gone
    expect(socket.destroyed).toBe(true)
  })
})
