import { expect, test } from 'vitest'
import { explain } from '../../kit/scenario.ts'
import { AT } from './message-table.ts'

const punch = '"mqtt":{"topic":"api/mqtt/v1/SN1/evt","json":{"user_id":"1","att_time":1782014400,"att_state":0}}'
const at = `"at":"${AT}"`
const first = `{${at},${punch}}`

const bad = [
  'x',
  '[]',
  '1',
  'null',
  '"a"',
  '{',
  '{}{}',
  '{"at":"2026-06-21T04:00:04.999Z"}',
  '{"at":"x"}',
  '{"at":5}',
  '{"at":"2026-06-31T04:00:05.000Z"}',
  '{"at":"2026-06-21 05:00:00.000Z"}',
  '{"at":"2026-06-21T25:00:00.000Z"}',
  `{${punch},"kafka":{"topic":"t","value":{}}}`,
  `{${punch},"http":{"method":"GET","path":"/"}}`,
  '{"mqtt":5}',
  '{"mqtt":[]}',
  '{"mqtt":{"json":{}}}',
  '{"mqtt":{"topic":5,"text":""}}',
  '{"mqtt":{"topic":"t","text":"","json":1}}',
  '{"mqtt":{"topic":"t","text":5}}',
  '{"mqtt":{"topic":"t","base64":"*"}}',
  '{"mqtt":{"topic":"t","text":"","qos":3}}',
  '{"mqtt":{"topic":"t","text":"","qos":"1"}}',
  '{"mqtt":{"topic":"t","text":"","retain":1}}',
  '{"mqtt":{"topic":"t","text":"","properties":5}}',
  '{"kafka":{"value":{}}}',
  '{"kafka":{"topic":"t","value":{},"text":""}}',
  '{"puback":"x"}',
  '{"puback":-1}',
  '{"puback":256}',
  '{"puback":1.5}',
  '{"kafka":{"topic":"t","value":{},"partition":-1}}',
  '{"kafka":{"topic":"t","value":{},"offset":"1"}}',
  "{'a':1}",
  '{"a":1,}',
  '//',
]
test.each(bad)('%s stops the run with 2 after the outputs of the lines before it', async (line) => {
  const { status, lines, errors } = await explain(`${first}\n\n${line}\n${first}\n`)
  expect([status, lines.map((one) => one['step'])]).toEqual([2, [1]])
  expect(errors).toMatch(/^[^\n]*line 3\b/)
})

const settings: [string, RegExp][] = [
  ['{"x":1}', /x/],
  ['{"attendance":{"defaultzone":"UTC"}}', /attendance\.defaultzone/],
  ['{"attendance":{"clock":{"late":1}}}', /attendance\.clock\.late/],
  ['{"devices":[{"deviceSn":"S","zone":"UTC"}]}', /zone/],
  ['{"devices":[{}]}', /deviceSn/],
  ['{"devices":[{"deviceSn":"+"}]}', /deviceSn/],
  ['{"devices":{}}', /devices/],
  ['{"devices":[{"deviceSn":"S","timeZone":"Nowhere"}]}', /timeZone/],
  ['{"devices":[{"deviceSn":"S","timeZone":"+05:30"}]}', /timeZone/],
  ['{"devices":[{"deviceSn":"S","stateMap":{"1":"NOPE"}}]}', /stateMap/],
  ['{"attendance":{"defaultZone":"IST"}}', /defaultZone/],
  ['{"attendance":{"defaultZone":5}}', /defaultZone/],
  ['{"attendance":{"stateMap":{"1":"in"}}}', /stateMap/],
  ['{"attendance":{"stateMap":[]}}', /stateMap/],
  ['{"attendance":{"modelStateMaps":{"M":{"1":"X"}}}}', /modelStateMaps/],
  ['{"attendance":{"verifyMap":{"1":"Face"}}}', /verifyMap/],
  ['{"attendance":{"attributes":"x"}}', /attributes/],
  ['{"attendance":{"attributes":[5]}}', /attributes/],
  ['{"attendance":{"optIn":{"temperature":"yes"}}}', /temperature/],
  ['{"attendance":{"clock":{"earliest":"x"}}}', /earliest/],
  ['{"attendance":{"clock":{"earliest":5}}}', /earliest/],
  ['{"attendance":{"clock":{"lateSeconds":-1}}}', /lateSeconds/],
  ['{"attendance":{"clock":{"lateSeconds":1.5}}}', /lateSeconds/],
  ['{"attendance":{"clock":{"lateSeconds":"9"}}}', /lateSeconds/],
  ['{"attendance":{"limits":{"depth":0}}}', /depth/],
  ['{"attendance":{"limits":{"payloadBytes":-5}}}', /payloadBytes/],
  ['{"attendance":{"pseudonym":{"key":"AAAA"}}}', /key/],
  ['{"attendance":{"pseudonym":{"key":"not base64!"}}}', /key/],
  ['{"attendance":{"pseudonym":{"key":"AAECAwQFBgcICQoLDA0O"}}}', /key/],
  ['{"attendance":{"pseudonym":{"keyVersion":"1"}}}', /keyVersion/],
  ['{"presence":{"brokerEventTopic":5}}', /brokerEventTopic/],
  ['{"presence":{"snapshot":1}}', /snapshot/],
  ['{"deadLetter":{"keepPayload":"no"}}', /keepPayload/],
  ['{"deadLetter":{"truncateBytes":-1}}', /truncateBytes/],
  ['{"deadLetter":{"redact":{}}}', /redact/],
  ['{"commands":{"strictOps":0}}', /strictOps/],
  ['{"commands":{"replyLeaves":"rsp"}}', /replyLeaves/],
  ['{"kafka":{"headers":"none"}}', /headers/],
  ['{"kafka":{"topics":{"x":"y"}}}', /topics/],
  ['{"kafka":{"topics":{"device":5}}}', /device/],
  ['[]', /a list/],
  ['5', /an object/],
  ['"x"', /an object/],
  ['{"nope":null}', /nope/],
  ['{"attendance":5}', /attendance/],
  ['{"attendance":[]}', /attendance/],
]
test.each(settings)('settings %s', async (value, name) => {
  const { status, lines, errors } = await explain(`{${at},"settings":${value},${punch}}\n${first}`)
  expect([status, lines]).toEqual([2, []])
  expect(errors).toMatch(/^[^\n]*line 1\b/)
  expect(errors).toMatch(name)
})

test('settings that are fine', async () => {
  const fine = [
    '{}',
    'null',
    '{"attendance":{"stateMap":{"0":null,"9":"MEAL_IN"}}}',
    '{"attendance":{"verifyMap":{"0":null}}}',
    '{"attendance":{"modelStateMaps":{"M":null}}}',
    '{"devices":[]}',
    '{"devices":[{"deviceSn":"S","timeZone":null,"tenantId":null,"model":null,"stateMap":null}]}',
    '{"devices":[{"deviceSn":"S","stateMap":{"1":null}}]}',
    '{"attendance":{"pseudonym":{"key":null}}}',
    '{"presence":{"brokerEventTopic":null}}',
    '{"attendance":{"pseudonym":{"key":"AAECAwQFBgcICQoLDA0ODw=="}}}',
    '{"deadLetter":{"truncateBytes":0}}',
    '{"attendance":{"clock":{"earliest":"1970-01-01T00:00:00.000Z","maxAheadSeconds":253402300800,"aheadSeconds":0,"lateSeconds":253402300800}}}',
    '{"mqtt":{"group":"g"}}',
    '{"kafka":{"headers":"trace"}}',
    '{"attendance":{"limits":{"depth":1,"payloadBytes":1,"batchItems":1}}}',
    '{"commands":{"limits":{"resultBytes":0,"waitingPerDevice":0,"waitSeconds":0}}}',
    '{"attendance":{"limits":{"depth":100}}}',
    '{"attendance":{"limits":{"batchItems":1000000}}}',
    '{"attendance":{"defaultZone":null,"limits":{"depth":null},"attributes":null,"stateMap":null}}',
    '{"devices":null,"kafka":{"headers":null,"topics":{"device":null}}}',
  ]
  for (const value of fine) {
    const { status, errors } = await explain(`{${at},"settings":${value}}\n`)
    expect.soft([status, errors], value).toEqual([0, ''])
  }
})

test('lines that are fine', async () => {
  const fine = [
    '{}',
    '{"x":1,"y":{}}',
    `{${at}}`,
    '{"puback":16}',
    '{"puback":0,"at":null,"mqtt":null,"kafka":null,"http":null}',
    '{"mqtt":{"topic":"api/mqtt/v1/S/st","text":"","zz":1}}',
    '{"mqtt":{"topic":"api/mqtt/v1/S/st","base64":"","qos":0,"retain":true,"dup":true,"properties":{}}}',
    '  ',
    '\t',
    '',
    `  {${at}}  \r`,
  ]
  for (const line of fine) {
    const { status, errors } = await explain(`${first}\n${line}\n${first}`)
    expect.soft([status, errors], line).toEqual([0, ''])
  }
})
