import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { RateLimit } from '../../../src/fleet/http/rate-limit.ts'
import { line, START_S, told } from '../../kit/fleet-lines.ts'

const salt = Buffer.from('0123456789')
const key = (apiKey: string, secret: string, more: object = {}) =>
  line.kafka('registry.api-keys', apiKey, {
    apiKey,
    salt: salt.toString('base64'),
    secretHash: createHash('sha256').update(salt).update(secret).digest('base64'),
    permissions: [{ method: 'GET', pathPrefix: '/api/v1/thing-datas/a' }],
    ...more,
  })
const basic = (user: string, secret: string) =>
  `bAsIc ${Buffer.from(`${user}:${secret}`).toString('base64').replace(/=+$/, '')}`
const get = (path: string, more: object = {}) => ({ http: { method: 'GET', path, auth: 'valid', ...more } })
const shadow = (name: string) => `/api/v1/thing-datas/${name}/shadow`
const answer = async (...lines: readonly object[]) =>
  (await told([line.thing('a'), ...(lines as ReturnType<typeof get>[])]))[0]?.http

describe('credentials', () => {
  const known = key('k', 'se:cr:ét')

  test.each([
    ['the right secret, colons and all', basic('k', 'se:cr:ét'), 200],
    ['a wrong secret', basic('k', 'se:cr'), 401],
    ['an unknown key', basic('x', 'se:cr:ét'), 401],
    ['no colon', `Basic ${Buffer.from('k').toString('base64')}`, 401],
    ['no Base64', 'Basic !!!', 401],
    ['half a padding', 'Basic azpzZQ=', 401],
    ['another scheme', 'Bearer abc', 401],
    ['nothing', 'Basic', 401],
  ])('%s', async (_, auth, status) => {
    expect(await answer(known, get(shadow('a'), { auth }))).toMatchObject({ status })
  })

  test('of a header; of a disabled key; of a withdrawn one', async () => {
    const header = { auth: undefined, headers: { AUTHORIZATION: basic('k', 's') } }
    expect(await answer(key('k', 's'), get(shadow('a'), header))).toMatchObject({ status: 200 })
    expect(await answer(key('k', 's', { enabled: false }), get(shadow('a'), header))).toMatchObject({ status: 401 })
    const gone = line.kafka('registry.api-keys', 'k', null)
    expect(await answer(key('k', 's'), gone, get(shadow('a'), header))).toMatchObject({ status: 401 })
  })
})

test('permissions have a method and a prefix of the path as received', async () => {
  const auth = basic('k', 's')
  const status = async (request: object, more: object = {}) => (await answer(key('k', 's', more), request))?.status
  expect(await status(get(shadow('a'), { auth }))).toBe(200)
  expect(await status(get(`${shadow('a')}?x=1`, { auth }))).toBe(200)
  expect(await status(get(shadow('%61'), { auth }))).toBe(403)
  expect(await status(get('/nowhere', { auth }))).toBe(403)
  expect(await status(get(shadow('a'), { auth, method: 'HEAD' }))).toBe(200)
  expect(await status(get(shadow('a'), { auth, method: 'PUT' }))).toBe(403)
  const all = { permissions: [{ method: '*', pathPrefix: '/' }] }
  expect(await status(get(shadow('a'), { auth, method: 'PUT' }), all)).toBe(405)
  expect(await status(get('/nowhere', { auth, method: 'PUT' }), all)).toBe(404)
  expect(await status(get(shadow('%61'), { auth }), all)).toBe(200)
})

test('a thing without a shadow has version 0', async () => {
  const body = { reported: {}, desired: {}, delta: {}, version: 0, updatedAt: null }
  expect(await answer(get(shadow('a')))).toEqual({
    status: 200,
    headers: { 'content-type': 'application/json', etag: '"0"', 'cache-control': 'no-store' },
    body,
  })
  expect(await answer(get(shadow('a'), { method: 'HEAD' }))).not.toHaveProperty('body')
  expect(await answer(get(shadow('a'), { headers: { 'If-None-Match': '"0"' } }))).toEqual({
    status: 304,
    headers: { etag: '"0"' },
  })
  expect(await answer(get(shadow('a'), { headers: { 'if-none-match': 'W/"0"' } }))).toMatchObject({ status: 200 })
})

test('names are decoded once; an empty one matches the path', async () => {
  expect(await answer(get(shadow('')))).toMatchObject({ status: 400, body: { message: 'Invalid thing name' } })
  expect(await answer(get(shadow('%2561')))).toMatchObject({ status: 404, body: { message: 'Thing not found' } })
  expect(await answer(get('/api/v1/thing-datas/a/b/shadow'))).toMatchObject({
    status: 404,
    body: { message: 'Not found' },
  })
})

/** Guards fleet/http/rate-limit.ts `take`: seen to fail, with an hour to wait, when times ahead still count. */
test('a clock that is set back shuts no key out', () => {
  const rates = new RateLimit(1)
  const hour = 3_600_000
  expect([rates.take('k', 2 * hour), rates.take('k', 2 * hour + 1)]).toEqual([0, 60])
  expect([rates.take('k', hour), rates.take('k', hour + 1)]).toEqual([0, 60])
})

test('a key over its rate waits until its minute is over', async () => {
  const limited = line.settings({}, { http: { requestsPerMinute: 2 } })
  const at = (ms: number) => ({ ...get(shadow('a')), ...line.clock(ms) })
  const lines = [limited, line.thing('a'), at(0), at(20_000)]
  expect(await told([...lines, at(59_001)])).toMatchObject([
    {
      http: {
        status: 429,
        headers: { 'retry-after': '1' },
        body: { code: 429, message: 'Too many requests', timestamp: START_S + 59 },
      },
    },
  ])
  expect(await told([...lines, at(59_999), at(60_000)])).toMatchObject([{ http: { status: 200 } }])
})
