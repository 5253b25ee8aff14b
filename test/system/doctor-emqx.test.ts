import { afterEach, expect, test } from 'vitest'
import { diagnose } from '../kit/doctor.ts'
import { EmqxRest } from '../kit/emqx-rest.ts'
import { sharedGround } from '../kit/shared-ground.ts'

/** `bridge doctor` at EMQX's REST API. No EMQX is there: the API answers as its documentation says (kit/emqx-rest.ts). */

const open: EmqxRest[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function look(spoil: (rest: EmqxRest) => void, secret = 'right secret', timeoutSeconds = 20) {
  const rest = await EmqxRest.start()
  open.push(rest)
  spoil(rest)
  const settings = {
    mqtt: { url: sharedGround().mqttUrl },
    emqx: { rest: { url: rest.url, apiKey: 'bridge', secret } },
    kafka: { brokers: ['127.0.0.1:1'] },
    registry: { url: 'http://127.0.0.1:1' },
  }
  const { findings } = await diagnose(settings, 'ingest', timeoutSeconds)
  expect(JSON.stringify(findings)).not.toContain(secret)
  return findings.filter(({ server, level }) => server === 'emqx' && level !== 'ok')
}

const session = { clientid: 'bridge-cams-bridge-evt-0', connected: true, mqueue_max: 1000, mqueue_len: 5 }

test('queues with room are well; what is lost, nearly full or without a worker is named', async () => {
  expect(
    await look((rest) => {
      rest.clients = [session]
    }),
  ).toEqual([])
  const bad = await look((rest) => {
    rest.clients = [
      { ...session, mqueue_dropped: 12 },
      { ...session, clientid: 'bridge-cams-bridge-evt-1', mqueue_len: 900 },
      { ...session, clientid: 'bridge-cams-bridge-st-1', connected: false },
      { ...session, clientid: 'somebody-else', mqueue_dropped: 99 },
    ]
  })
  expect(bad.map(({ check, on, what }) => [check, on, what])).toEqual([
    ['queues', 'bridge-cams-bridge-evt-0', expect.stringContaining('lost 12')],
    ['queues', 'bridge-cams-bridge-evt-1', expect.stringContaining('900 messages wait')],
    ['queues', 'bridge-cams-bridge-st-1', expect.stringContaining('nobody is connected')],
  ])
})

test('a wrong secret, a frozen API and one that is another are named', async () => {
  const wrong = await look(() => undefined, 'wrong secret')
  expect(wrong).toMatchObject([{ level: 'fail', check: 'login', fix: expect.stringContaining('emqx.rest.apiKey') }])
  const frozen = await look(
    (rest) => {
      rest.mood = 'frozen'
    },
    'right secret',
    1,
  )
  expect(frozen).toMatchObject([{ level: 'fail', check: 'login', what: expect.stringContaining('no answer') }])
  const other = await look((rest) => {
    rest.mood = 'html'
  })
  expect(other).toMatchObject([{ level: 'fail', check: 'login', fix: expect.stringContaining('emqx.rest.url') }])
})
