import { once } from 'node:events'
import { connect } from 'node:net'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, describe, expect, it } from 'vitest'
import type { ShadowRequest } from '../../../src/fleet/http/read-shadow.ts'
import { HttpServer } from '../../../src/http/http-server.ts'
import { openApi } from '../../../src/http/openapi.ts'
import { shadowRoutes } from '../../../src/http/shadow-routes.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'

const servers: HttpServer[] = []
const now = Date.parse('2026-06-21T04:00:00.500Z')

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0)
})

async function serve(status = 200) {
  const asked: ShadowRequest[] = []
  const events: BridgeEvent[] = []
  const emit = (event: BridgeEvent) => void events.push(event)
  const answer = (request: ShadowRequest) => {
    asked.push(request)
    if (request.path === '/broken') throw new Error('out of order')
    const headers = { 'content-type': 'application/json', etag: '"3"' }
    return { status, headers, body: request.method === 'HEAD' || status === 304 ? undefined : '{"ä":1}' }
  }
  const options = { part: 'api', setting: 'http', host: '127.0.0.1', port: 0, tls: null }
  const server = new HttpServer(options, shadowRoutes(answer, { now: () => now }, emit), emit)
  servers.push(server)
  const port = await server.open()
  events.length = 0
  return { asked, events, port, server }
}

/** Says these bytes and returns what comes until the server hangs up. */
async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(text)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('utf8')
}

const alone = 'Host: x\r\nConnection: close\r\n\r\n'

describe('what is asked', () => {
  /** Guards http/routes.ts `getPath`: seen to fail when the target is made a URL and the path is taken from that. */
  it.each([
    ['GET', '/api/v1/thing-datas/../shadow'],
    ['GET', '/x/../openapi.json'],
    ['GET', '/openapi%2Ejson'],
    ['GET', '/api/v1/thing-datas/%ff/shadow?a=/openapi.json'],
    ['GET', '/api/v1/thing-datas/a\\b/shadow'],
    ['GET', '//openapi.json'],
    ['GET', 'http://elsewhere/openapi.json'],
    ['OPTIONS', '*'],
    ['POST', '/openapi.json'],
    ['TRACE', '/a'],
    ['PROPFIND', '/a'],
  ])('%s %s arrives as it was sent', async (method, path) => {
    const { asked, port } = await serve()
    const said = await say(
      port,
      `${method} ${path} HTTP/1.1\r\nAuthorization: Basic abc\r\nIf-None-Match: "3"\r\n${alone}`,
    )
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(asked).toEqual([{ method, path, authorization: 'Basic abc', ifNoneMatch: '"3"', now }])
  })

  it('needs no Host with HTTP/1.0, and no valid one', async () => {
    const { asked, port } = await serve()
    expect(await say(port, 'GET /a HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(await say(port, 'GET /b HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(asked.map(({ path }) => path)).toEqual(['/a', '/b'])
  })

  it('may bring a body that nobody reads, and the next request follows', async () => {
    const { asked, port } = await serve()
    const post = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: rubbish\r\nContent-Length: 3\r\n\r\nabc'
    expect(await say(port, `${post}GET /b HTTP/1.1\r\n${alone}`)).toMatch(/200 OK[\s\S]*200 OK/)
    expect(asked.map(({ path }) => path)).toEqual(['/a', '/b'])
  })
})

describe('what is answered', () => {
  it('is the status, the headers and the bytes, and counted', async () => {
    const { events, port } = await serve(404)
    const said = await say(port, `GET /a HTTP/1.1\r\n${alone}`)
    const [head = '', body] = said.split('\r\n\r\n')
    expect(body).toBe('{"ä":1}')
    const headers = head.split('\r\n').slice(1)
    expect(headers.filter((line) => !/^(date|connection):/i.test(line)).toSorted()).toEqual([
      'content-length: 8',
      'content-type: application/json',
      'etag: "3"',
    ])
    expect(events).toEqual([{ event: 'http_answered', route: 'shadow', status: 404, durationMs: 0 }])
  })

  it('has no body with HEAD and 304, but its headers', async () => {
    const { asked, port } = await serve()
    const said = await say(port, `HEAD /a HTTP/1.1\r\n${alone}`)
    expect(said).toMatch(/content-type: application\/json\r\netag: "3"\r\n/)
    expect(said).toMatch(/\r\n\r\n$/)
    expect(asked[0]?.method).toBe('HEAD')
    const unchanged = await serve(304)
    expect(await say(unchanged.port, `GET /a HTTP/1.1\r\n${alone}`)).toMatch(/^HTTP\/1\.1 304 [\s\S]*\r\n\r\n$/)
  })

  /** Guards http/routes.ts `routes.onError`. */
  it('is 500 when the bridge is broken, and told', async () => {
    const { events, port } = await serve()
    const answer = await fetch(`http://127.0.0.1:${port}/broken`)
    expect(answer.status).toBe(500)
    expect(answer.headers.get('content-type')).toBe('application/json')
    const timestamp = Math.floor(now / 1000)
    expect(await answer.json()).toEqual({ code: 500, message: 'Internal service failure', timestamp })
    expect(events).toEqual([
      { event: 'unexpected_error', where: 'shadow_routes', error: 'out of order' },
      { event: 'http_answered', route: 'shadow', status: 500, durationMs: 0 },
    ])
  })
})

describe('the description', () => {
  it('is served to everybody', async () => {
    const { asked, events, port } = await serve()
    const answer = await fetch(`http://127.0.0.1:${port}/openapi.json?x`)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApi)))
    expect((await fetch(`http://127.0.0.1:${port}/openapi.json`, { method: 'HEAD' })).status).toBe(200)
    expect(asked).toEqual([])
    expect(events[0]).toMatchObject({ event: 'http_answered', route: 'openapi', status: 200 })
  })

  it('is an OpenAPI description', async () => {
    const validator = new Validator()
    const found = await validator.validate(JSON.parse(JSON.stringify(openApi)))
    expect(found.errors ?? []).toEqual([])
    expect(found.valid).toBe(true)
    expect(validator.version).toBe('3.1')
  })
})

/** Guards http/http-server.ts `closeAllConnections`. */
it('ends although a connection stands that never asked anything', async () => {
  const { port, server } = await serve()
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  const gone = once(socket.resume(), 'close')
  await server.close(50)
  await gone
})
