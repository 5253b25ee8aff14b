import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listClients } from '../../../src/emqx/client-list.ts'
import { RestClient } from '../../../src/emqx/rest-client.ts'
import { EmqxRest, type RestMood } from '../../kit/emqx-rest.ts'

let rest: EmqxRest
beforeEach(async () => {
  rest = await EmqxRest.start()
})
afterEach(async () => {
  await rest.close()
})

const noTls = { caFile: null, certFile: null, keyFile: null, serverName: null }
const never = new AbortController().signal

function client(changes: { readonly secret?: string; readonly secretFile?: string; readonly timeoutMs?: number } = {}) {
  const options = {
    url: rest.url,
    apiKey: 'bridge',
    secret: rest.secret,
    secretFile: null,
    timeoutMs: 20_000,
    tls: noTls,
  }
  return new RestClient({ ...options, ...changes })
}

describe('the list of clients', () => {
  it('is read page by page, and takes what a version leaves out or writes as text', async () => {
    rest.clients = [
      ...Array.from({ length: 1500 }, (_, i) => ({
        clientid: `a-b-evt-${i}`,
        connected: true,
        mqueue_max: 'infinity',
      })),
      { clientid: 'a-b-st-0', connected: false, mqueue_len: 7, mqueue_max: 1000, mqueue_dropped: 2, inflight_cnt: 3 },
      { clientid: 'device', connected: true },
    ]
    const looks = await listClients(client(), 'a-b-', never)
    expect(looks).toHaveLength(1501)
    expect(rest.asked.map((url) => new URL(url, rest.url).searchParams.get('page'))).toEqual(['1', '2'])
    expect(looks[0]).toMatchObject({ queued: 0, queueLimit: Number.POSITIVE_INFINITY })
    expect(looks.at(-1)).toEqual({
      clientId: 'a-b-st-0',
      connected: false,
      queued: 7,
      queueLimit: 1000,
      dropped: 2,
      inFlight: 3,
      inFlightLimit: 0,
      sent: 0,
    })
  })

  /** Guards emqx/rest-client.ts: the timeout, the status, the look at the JSON. */
  it.each<[RestMood, string, number]>([
    ['frozen', 'no_answer', 100],
    ['half', 'no_answer', 100],
    ['html', 'unreadable', 20_000],
    ['other_json', 'unreadable', 20_000],
    ['unavailable', 'refused', 20_000],
  ])('of a server that is %s is a failure %s', async (mood, code, timeoutMs) => {
    rest.mood = mood
    await expect(listClients(client({ timeoutMs }), 'a', never)).rejects.toMatchObject({ kind: 'transient', code })
  })

  it('with a wrong key is not authorized, and says what to look at, not the secret', async () => {
    const asked = listClients(client({ secret: 'wrong secret' }), 'a', never)
    await expect(asked).rejects.toMatchObject({ code: 'not_authorized', message: expect.stringContaining('API key') })
    await expect(asked).rejects.not.toMatchObject({ message: expect.stringContaining('secret') })
  })

  it('without a server is a failure connection, and with a file that is not there credentials', async () => {
    await expect(listClients(client({ secretFile: '/nowhere/secret' }), 'a', never)).rejects.toMatchObject({
      code: 'credentials',
    })
    const gone = client()
    await rest.close()
    await expect(listClients(gone, 'a', never)).rejects.toMatchObject({ code: 'connection' })
    rest = await EmqxRest.start()
  })

  it('ends at once when asked to stop', async () => {
    rest.mood = 'frozen'
    const stop = new AbortController()
    const asked = listClients(client(), 'a', stop.signal)
    stop.abort()
    await expect(asked).rejects.toMatchObject({ kind: 'lost' })
  })
})
