import { command, commandText, PUBLISHED, rejected, reply, report, unreadable } from './lines.ts'
import { at, type Members, SN, START, steps } from './step-table.ts'

const S = (status: string, v: Members = {}, x: Members = {}): Members => ({
  ...x,
  kafka: {
    topic: 'cams.command-status.v1',
    key: SN,
    value: {
      eventId: '11111111-1111-4111-8111-111111111111',
      commandId: 'c1',
      deviceSn: SN,
      op: 'ping',
      status,
      statusTime: START,
      ...v,
    },
  },
})
const W = (x: Members = {}): Members => command({ ifOffline: 'WAIT', expiresAt: START + 20000, ...x })
const p = (id: string, e?: number, op = 'ping') => `> cmd {"id":"${id}","op":"${op}"}` + (e ? ' ~' + e : '')
const ON = report(true),
  ONP = 'seen ONLINE DEVICE_REPORT'
steps('blank sn id', null, [
  [command({ deviceSn: '  ' }), null],
  [command({ commandId: ' ' }), rejected('ID_INVALID')],
])
steps('restored attempt then new', { commands: { dedupSeconds: 10 } }, [
  [S('PUBLISHED', { attempt: 3, statusTime: START - 20000 }), []],
  [command({}), PUBLISHED],
  [reply({ status: 'ok' }), ['SUCCEEDED/1']],
])
steps('restored waiting, reply at ms etc', null, [
  [S('WAITING', { attempt: 2 }), []],
  [{ ...at(20000), ...reply({ status: 'ok' }) }, ['SUCCEEDED/2']],
  [W(), ['SUCCEEDED/2']],
])
steps('restored accepted door expiresAt earlier', null, [
  [S('ACCEPTED', { op: 'open_door', statusTime: START - 20000 }), []],
  [
    command({ op: 'open_door', expiresAt: START + 5000 }),
    [p('c1', 5, 'open_door'), 'ACCEPTED/1 @-20000', 'PUBLISHED/1'],
  ],
])
steps('restored accepted sensitiveitive by request only', null, [
  [S('ACCEPTED'), []],
  [command({ sensitive: true }), PUBLISHED],
  [reply({ status: 'ok', message: 'm' }), ['SUCCEEDED/1 m=m']],
])
steps('restore via WAITING again after online', null, [
  [{ ...S('WAITING', { attempt: 1 }), puback: 16 }, []],
  [W(), ['WAITING/1']],
  [W(), ['WAITING/1']],
  [ON, [ONP, p('c1', 20), 'WAITING/2']],
  [W({ expiresAt: START + 90000 }), ['WAITING/2']],
  [at(20001), ['EXPIRED/2 e=EXPIRED @20000']],
])
steps('restored status over live waiting', null, [
  [{ ...W(), puback: 16 }, null],
  [S('SUCCEEDED', { attempt: 1 }), []],
  [ON, [ONP]],
  [at(30000), []],
  [W(), ['SUCCEEDED/1 @0']],
])
steps('strict at restore', { commands: { strictOps: true } }, [
  [S('ACCEPTED', { op: 'foo' }), []],
  [command({ op: 'foo' }), ['ACCEPTED/1']],
])
steps('restored WAITING with door expiry passed', null, [
  [S('WAITING', { op: 'open_door', statusTime: START - 30000 }), []],
  [W({ op: 'open_door' }), ['WAITING/1 @-30000', 'EXPIRED/1 e=EXPIRED']],
])
steps('ts', null, [
  [S('ACCEPTED'), []],
  [{ ...at(7), ...command({ expiresAt: START + 7 }) }, ['ACCEPTED/1 @0', 'EXPIRED/1 e=EXPIRED']],
])
steps('id in status with case', null, [
  [command({ commandId: 'AbC' }), null],
  [reply({ id: 'abc', status: 'ok' }), ['ign reply_unknown']],
])
steps('json: op repeated equal, nested dup in unknown', null, [
  [commandText('{"op":"ping","commandId":"c1","x":[{"a":1,"a":2}]}'), unreadable()],
])
steps('dup json payload replies', null, [
  [command({}), PUBLISHED],
  [
    reply('{"id":"c1","op":"x","status":"ok","data":{"x":{"a":1,"a":1},"y":[1,1.0]}}'),
    ['SUCCEEDED/1 r={"x":{"a":1,"a":1},"y":[1,1.0]}'],
  ],
  [
    reply('{"id":"c1","op":"x","status":"ok","data":{"x":{"a":1,"a":1.0}}}'),
    ['dlq JSON_DUPLICATE_KEY api/mqtt/v1/SN7A2300583/evt'],
  ],
  [
    reply('{"id":"c1","op":"x","status":"ok","data":' + '['.repeat(16) + ']'.repeat(16) + '}'),
    ['dlq JSON_TOO_DEEP api/mqtt/v1/SN7A2300583/evt'],
  ],
  [
    reply('{"id":"c1","op":"x","status":"ok","data":' + '['.repeat(15) + ']'.repeat(15) + '}'),
    ['SUCCEEDED/1 r=' + '['.repeat(15) + ']'.repeat(15)],
  ],
])
