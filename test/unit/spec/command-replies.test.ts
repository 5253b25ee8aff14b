import { command, PING, PUBLISHED, reply, report } from './lines.ts'
import { at, type Members, SN, START, type Step, steps } from './step-table.ts'

const L = JSON.stringify
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
const p = (id: string, e?: number, op = 'ping') => `> cmd {"id":"${id}","op":"${op}"}` + (e ? ' ~' + e : '')
const ON = report(true),
  ONP = 'seen ONLINE DEVICE_REPORT'
const W = (x: Members = {}): Members => command({ ifOffline: 'WAIT', expiresAt: START + 20000, ...x })
steps(
  'r published',
  null,
  [
    [S('PUBLISHED', { attempt: 3, correlationId: 'k', op: 'abc' }), []],
    [reply({ status: 'ok', op: 'zz' }), ['SUCCEEDED/3 c=k op=abc']],
    [command({}), ['SUCCEEDED/3 c=k op=abc']],
  ],
  { op: true },
)
steps(
  'r repeat ev',
  null,
  [
    [S('PUBLISHED'), []],
    [command({}), ['PUBLISHED/1 event=11111111-1111-4111-8111-111111111111']],
  ],
  { event: true },
)
steps('r accepted', null, [
  [S('ACCEPTED'), []],
  [{ ...at(5), ...command({}) }, ['> cmd {"id":"c1","op":"ping"}', 'ACCEPTED/1 @0', 'PUBLISHED/1']],
])
steps('r accepted waits nothing', null, [
  [S('ACCEPTED'), []],
  [at(90000), []],
  [ON, [ONP]],
  [
    command({ data: '{"a":1}', sensitive: true, correlationId: 'x' }),
    ['> cmd {"id":"c1","op":"ping","data":{"a":1}}', 'ACCEPTED/1 @0', 'PUBLISHED/1'],
  ],
])
steps('r accepted other op', null, [
  [S('ACCEPTED'), []],
  [command({ op: 'pong' }), ['ACCEPTED/1']],
  [command({}), [PING, 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('r accepted bad data', null, [
  [S('ACCEPTED'), []],
  [command({ data: '[' }), ['ACCEPTED/1']],
  [command({ ifOffline: 'WAIT' }), ['ACCEPTED/1']],
  [W({ expiresAt: START + 604800001 }), ['ACCEPTED/1']],
])
steps('r accepted expired', null, [
  [S('ACCEPTED', { statusTime: START - 5000 }), []],
  [command({ expiresAt: START - 1 }), ['ACCEPTED/1 @-5000', 'EXPIRED/1 e=EXPIRED']],
  [command({}), ['EXPIRED/1 e=EXPIRED']],
])
steps('r accepted expired eq', null, [
  [S('ACCEPTED', { statusTime: START - 5000 }), []],
  [command({ expiresAt: START }), ['ACCEPTED/1 @-5000', 'EXPIRED/1 e=EXPIRED']],
])
steps('r accepted reply first', null, [
  [S('ACCEPTED', { sensitive: true }), []],
  [reply({ status: 'ok', message: 'hi', data: {} }), ['SUCCEEDED/1 sensitive']],
  [command({}), ['SUCCEEDED/1 sensitive']],
])
steps('r accepted delivered', null, [
  [S('ACCEPTED'), []],
  [reply({ status: 'queued' }), ['DELIVERED/1']],
  [command({}), ['DELIVERED/1']],
])
steps('r accepted wait', null, [
  [{ ...S('ACCEPTED'), puback: 16 }, []],
  [W(), ['> cmd {"id":"c1","op":"ping"} ~20', 'ACCEPTED/1', 'WAITING/1']],
  [ON, [ONP, p('c1', 20), 'WAITING/2']],
])
steps('r waiting', null, [
  [{ ...S('WAITING', { attempt: 2 }), puback: 16 }, []],
  [ON, [ONP]],
  [at(100), []],
  [W(), ['WAITING/2 @0']],
  [ON, [ONP, p('c1', 19), 'WAITING/3']],
  [at(20001), ['EXPIRED/3 e=EXPIRED @20000']],
])
steps('r waiting FAIL', null, [
  [S('WAITING', { attempt: 2 }), []],
  [command({ expiresAt: START + 20000 }), ['WAITING/2']],
  [ON, [ONP]],
  [W(), ['WAITING/2']],
  [{ ...ON, puback: 0 }, [ONP, p('c1', 20), 'PUBLISHED/3']],
])
steps('r waiting expired', null, [
  [S('WAITING', { attempt: 2 }), []],
  [{ ...at(20000), ...W() }, ['WAITING/2 @0', 'EXPIRED/2 e=EXPIRED']],
])
steps('r waiting expiry eq timer', null, [
  [{ ...S('WAITING', { attempt: 2 }), puback: 16 }, []],
  [{ ...at(1), ...W() }, ['WAITING/2 @0']],
  [{ ...at(20000), ...W() }, ['EXPIRED/2 e=EXPIRED', 'EXPIRED/2 e=EXPIRED']],
])
steps('r waiting place', null, [
  [{ ...S('WAITING', { commandId: 'a' }), puback: 16 }, []],
  [S('WAITING', { commandId: 'b' }), []],
  [W({ commandId: 'n' }), [p('n', 20), 'ACCEPTED/1', 'WAITING/1']],
  [W({ commandId: 'b' }), ['WAITING/1']],
  [W({ commandId: 'a' }), ['WAITING/1']],
  [ON, [ONP, p('a', 20), p('b', 20), p('n', 20), 'WAITING/2', 'WAITING/2', 'WAITING/2']],
])
steps('r waiting no limit', { commands: { limits: { waitingPerDevice: 1 } } }, [
  [{ ...S('WAITING', { commandId: 'a' }), puback: 16 }, []],
  [S('WAITING', { commandId: 'b' }), []],
  [W({ commandId: 'b' }), ['WAITING/1']],
  [W({ commandId: 'a' }), ['WAITING/1']],
  [W({ commandId: 'c' }), [p('c', 20), 'ACCEPTED/1', 'NO_SUBSCRIBER/1 e=WAIT_LIMIT']],
])
steps('r order by first status (accepted)', null, [
  [{ ...S('ACCEPTED', { commandId: 'a' }), puback: 16 }, []],
  [S('ACCEPTED', { commandId: 'b', statusTime: START }), []],
  [S('WAITING', { commandId: 'b' }), []],
  [S('WAITING', { commandId: 'a' }), []],
  [W({ commandId: 'b' }), ['WAITING/1']],
  [W({ commandId: 'a' }), ['WAITING/1']],
  [ON, [ONP, p('a', 20), p('b', 20), 'WAITING/2', 'WAITING/2']],
])
steps('r skip rejected', null, [
  [S('REJECTED'), []],
  [S('UNKNOWN'), []],
  [S('EXPIRED'), []],
  [reply({ status: 'ok' }), ['ign reply_unknown']],
  [command({}), PUBLISHED],
])
steps('r skip after known', null, [
  [S('PUBLISHED'), []],
  [S('REJECTED', { errorCode: 'OP_MISSING' }), []],
  [S('UNKNOWN'), []],
  [command({}), ['PUBLISHED/1']],
  [S('EXPIRED', { errorCode: 'EXPIRED' }), []],
  [command({}), ['EXPIRED/1 e=EXPIRED']],
])
steps('r accepted time first', null, [
  [S('PUBLISHED', { statusTime: START - 3599999 }), []],
  [command({}), ['PUBLISHED/1 @-3599999']],
  [{ ...at(1), ...command({}) }, PUBLISHED],
])
steps('r accepted time seen', null, [
  [S('ACCEPTED', { statusTime: START - 3600000 }), []],
  [S('PUBLISHED', { statusTime: START - 10 }), []],
  [command({}), PUBLISHED],
])
steps('r accepted too old -> new', null, [
  [S('ACCEPTED', { statusTime: START - 3600000 }), []],
  [command({ op: 'pong' }), ['> cmd {"id":"c1","op":"pong"}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('r waiting old counts', null, [
  [{ ...S('ACCEPTED', { statusTime: START - 4000000 }), puback: 16 }, []],
  [S('WAITING', { statusTime: START - 4000000 }), []],
  [W(), ['WAITING/1 @-4000000']],
  [ON, [ONP, p('c1', 20), 'WAITING/2']],
])
steps('r waiting beyond waitSeconds', { commands: { limits: { waitSeconds: 100 }, dedupSeconds: 50 } }, [
  [S('WAITING', { statusTime: START - 100001 }), []],
  [command({}), PUBLISHED],
])
steps('r waiting beyond remember', { commands: { rememberSeconds: 60 } }, [
  [S('WAITING', { statusTime: START - 100000 }), []],
  [reply({ status: 'ok' }), ['SUCCEEDED/1']],
])
steps('r known beyond remember', { commands: { rememberSeconds: 60 } }, [
  [S('PUBLISHED', { statusTime: START - 60001 }), []],
  [reply({ status: 'ok' }), ['ign reply_unknown']],
  [S('PUBLISHED', { commandId: 'c2', statusTime: START - 60000 }), []],
  [reply({ id: 'c2', status: 'ok' }), ['SUCCEEDED/1']],
])
steps('r door', null, [
  [S('ACCEPTED', { op: 'open_door', statusTime: START - 20000 }), []],
  [command({ op: 'open_door' }), [p('c1', 10, 'open_door'), 'ACCEPTED/1 @-20000', 'PUBLISHED/1']],
  [S('ACCEPTED', { commandId: 'c2', op: 'open_door', statusTime: START - 30000 }), []],
  [command({ commandId: 'c2', op: 'open_door' }), ['ACCEPTED/1 @-30000', 'EXPIRED/1 e=EXPIRED']],
])
steps('r corr', null, [
  [S('ACCEPTED', { correlationId: 'rec', sensitive: true }), []],
  [command({ correlationId: 'req' }), [PING, 'ACCEPTED/1 sensitive c=rec', 'PUBLISHED/1 sensitive c=rec']],
])
steps('r waiting then delivered', null, [
  [S('WAITING', { attempt: 2 }), []],
  [reply({ status: 'accepted' }), ['DELIVERED/2']],
  [W(), ['DELIVERED/2']],
  [ON, [ONP]],
])
steps('r tombstone/garbage', null, [
  [{ kafka: { topic: 'cams.command-status.v1', key: SN, value: null } }, []],
  [{ kafka: { topic: 'cams.command-status.v1', key: SN, text: 'zz' } }, []],
  [{ kafka: { topic: 'cams.command-status.v1', key: SN, value: { status: 'PUBLISHED' } } }, []],
])
steps('r unknown enum', null, [
  [S('NEWSTATE'), []],
  [reply({ status: 'ok' }), ['ign reply_unknown']],
])
steps('r live then restored', null, [
  [command({}), PUBLISHED],
  [S('SUCCEEDED', { attempt: 1 }), []],
  [command({}), ['SUCCEEDED/1']],
])
steps('r no_subscriber', null, [
  [S('NO_SUBSCRIBER', { errorCode: 'NO_SUBSCRIBER' }), []],
  [command({}), ['NO_SUBSCRIBER/1 e=NO_SUBSCRIBER']],
  [reply({ status: 'ok' }), ['SUCCEEDED/1']],
])
// replies

const base: Step = [command({})]
const one = (j: Members | string, want: readonly string[], settings: Members | null = null) =>
  steps('reply ' + L(j).slice(0, 90) + (settings === null ? '' : L(settings)), settings, [base, [reply(j), want]])
for (const w of [
  'ok',
  'done',
  'success',
  'succeeded',
  'true',
  '0',
  'OK',
  'Done',
  ' sUCCESS\t',
  '\u00a0ok\ufeff',
  'TRUE',
])
  for (const m of ['status', 'code', 'result']) one({ [m]: w }, ['SUCCEEDED/1' + (m === 'code' ? ' d=' + w : '')])
for (const m of ['status', 'code', 'result']) {
  const d = m === 'code'
  one({ [m]: true }, ['SUCCEEDED/1' + (d ? ' d=true' : '')])
  one({ [m]: 0 }, ['SUCCEEDED/1' + (d ? ' d=0' : '')])
  one(`{"id":"c1","op":"x","${m}":0.0}`, ['FAILED/1 d=0.0'])
  one(`{"id":"c1","op":"x","${m}":-0}`, ['FAILED/1 d=-0'])
  one(`{"id":"c1","op":"x","${m}":0e0}`, ['FAILED/1 d=0e0'])
  for (const w of ['', '  ', 'error', '00', 'okay', 'yes', '1', 'false']) one({ [m]: w }, ['FAILED/1 d=' + w])
  one({ [m]: false }, ['FAILED/1 d=false'])
  one({ [m]: 1 }, ['FAILED/1 d=1'])
  one(`{"id":"c1","op":"x","${m}":9007199254740993}`, ['FAILED/1 d=9007199254740993'])
  one({ [m]: 'x'.repeat(70) }, ['FAILED/1 d=' + 'x'.repeat(64)])
  one({ [m]: '\ud800' + '💥'.repeat(70) }, ['FAILED/1 d=\ufffd' + '💥'.repeat(63)])
}
for (const w of [
  'accepted',
  'received',
  'queued',
  'pending',
  'running',
  'inprogress',
  ' In Progress ',
  'in-progress',
  'IN_PROGRESS',
  'i n-p_rogress',
  'Q U E U E D',
]) {
  one({ status: w }, ['DELIVERED/1'])
  one({ code: w }, ['FAILED/1 d=' + w])
  one({ result: w }, ['FAILED/1 d=' + w])
}
one({ status: 'in\tprogress' }, ['FAILED/1 d=in\tprogress'])
one({ status: 'PENDİNG' }, ['FAILED/1 d=PENDİNG'])
one({ status: 'o k' }, ['FAILED/1 d=o k'])
one({ status: 'accepted', code: 5 }, ['DELIVERED/1 d=5'])
one({ status: 'ok', code: 5 }, ['SUCCEEDED/1 d=5'])
one({ status: 'error', code: -1005 }, ['FAILED/1 d=-1005'])
one({ status: 'error', code: {} }, ['FAILED/1 d=error'])
one({ status: 'error', code: null }, ['FAILED/1 d=error'])
one({ status: 'ok', code: '' }, ['SUCCEEDED/1 d='])
one({ status: null, code: 0 }, ['SUCCEEDED/1 d=0'])
one({ status: {}, result: {} }, ['FAILED/1 r={}'])
one({ status: [] }, ['FAILED/1'])
one({ code: {}, result: 'ok' }, ['FAILED/1'])
one({ code: [1], result: [1] }, ['FAILED/1 r=[1]'])
one({ result: { a: 1 } }, ['SUCCEEDED/1 r={"a":1}'])
one({ result: [] }, ['SUCCEEDED/1 r=[]'])
one({ result: {}, status: 'bad' }, ['FAILED/1 d=bad r={}'])
one({ result: {}, code: 'bad' }, ['FAILED/1 d=bad r={}'])
one({ status: 'ok', data: { a: 1 }, result: { b: 1 } }, ['SUCCEEDED/1 r={"a":1}'])
one({ status: 'ok', data: 'x', result: { b: 1 } }, ['SUCCEEDED/1 r={"b":1}'])
one({ status: 'ok', data: null, result: [2] }, ['SUCCEEDED/1 r=[2]'])
one({ status: 'ok', data: 5 }, ['SUCCEEDED/1'])
one({ status: 'ok', message: 5 }, ['SUCCEEDED/1'])
one({ status: 'ok', message: '' }, ['SUCCEEDED/1 m='])
one({ status: 'ok', message: ' a\u0007\u007f\u0085\u00a0b\ud800 ' }, ['SUCCEEDED/1 m= a   \u00a0b\ufffd '])
one({ status: 'ok', message: '💥'.repeat(201) }, ['SUCCEEDED/1 m=' + '💥'.repeat(200)])
one({ status: 'ok', message: {} }, ['SUCCEEDED/1'])
one(
  '{"id":"c1","op":"x","status":"ok","data":{"n":1.0,"m":1e400,"2":1,"1":2,"a":1,"a":1,"PIN":1,"card-No":2,"x":[{"Face_Data":{},"k":"\\u00e9\\/\\ud800"}],"FİN":1,"user_id":"7","Name ":"q","ＮＡＭＥ":1}}',
  [
    'SUCCEEDED/1 r={"n":1.0,"m":1e400,"2":1,"1":2,"a":1,"a":1,"x":[{"k":"é/\\ud800"}],"FİN":1,"user_id":"7","Name ":"q","ＮＡＭＥ":1}',
  ],
)
one({ status: 'ok', data: { pin: 1, Foo_Bar: 2 } }, ['SUCCEEDED/1 r={}'], { deadLetter: { redact: ['foo-BAR'] } })
one({ status: 'ok', data: [{ user_id: 1, USERID: 2, 'User-Id': 3, userid2: 4 }] }, ['SUCCEEDED/1 r=[{"userid2":4}]'], {
  attendance: { pseudonym: { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' } },
})
one({ status: 'ok', data: { a: 'éé' } }, ['SUCCEEDED/1 r={"a":"éé"}'], { commands: { limits: { resultBytes: 12 } } })
one({ status: 'ok', data: { a: 'éé' } }, ['SUCCEEDED/1'], { commands: { limits: { resultBytes: 11 } } })
one({ status: 'ok', data: { pin: 'xxxxxxxxxxxxxxx', a: 1 } }, ['SUCCEEDED/1 r={"a":1}'], {
  commands: { limits: { resultBytes: 7 } },
})
one({ status: 'ok', message: 'm' }, ['SUCCEEDED/1 m=m'])
const evt = `api/mqtt/v1/${SN}/evt`
one({ id: true, status: 'ok' }, ['dlq NOT_A_PUNCH ' + evt])
one({ id: null, status: 'ok' }, ['dlq NOT_A_PUNCH ' + evt])
one({ op: ' ', status: 'ok' }, ['dlq NOT_A_PUNCH ' + evt])
one({ op: 5, status: 'ok' }, ['dlq NOT_A_PUNCH ' + evt])
one({ status: null }, ['dlq NOT_A_PUNCH ' + evt])
one({}, ['dlq NOT_A_PUNCH ' + evt])
one('{"id":12.0,"op":"x","status":"ok"}', ['dlq NOT_A_PUNCH ' + evt])
one('{"id":-1,"op":"x","status":"ok"}', ['dlq NOT_A_PUNCH ' + evt])
one({ id: '', status: 'ok' }, ['ign reply_unknown'])
one({ id: ' c1', status: 'ok' }, ['ign reply_unknown'])
one({ id: 'C1', status: 'ok' }, ['ign reply_unknown'])
one({ status: 'ok', user_id: '1', att_time: '2026-06-21 09:30:00', records: [] }, ['SUCCEEDED/1'])
steps('digits id', null, [
  [command({ commandId: '9007199254740993' }), null],
  [reply('{"id":9007199254740993,"op":"x","code":0}'), ['SUCCEEDED/1 d=0']],
  [reply('{"id":"9007199254740993","op":"x","code":0}'), ['SUCCEEDED/1 d=0']],
])
steps('leaf', { commands: { replyLeaves: ['rsp', 'ack'] } }, [
  base,
  [reply({ status: 'ok' }, 'rsp'), ['SUCCEEDED/1']],
  [reply({ status: 'ok' }, 'ack'), ['SUCCEEDED/1']],
  [reply({ status: 'ok' }, 'RSP'), ['dlq TOPIC_INVALID api/mqtt/v1/SN7A2300583/RSP']],
  [reply('[]', 'rsp'), ['dlq REPLY_INVALID api/mqtt/v1/SN7A2300583/rsp']],
  [reply('[{"a":1,"a":2}]', 'rsp'), ['dlq JSON_DUPLICATE_KEY api/mqtt/v1/SN7A2300583/rsp']],
  [reply('true', 'rsp'), ['dlq REPLY_INVALID api/mqtt/v1/SN7A2300583/rsp']],
  [reply('online', 'rsp'), ['dlq JSON_INVALID api/mqtt/v1/SN7A2300583/rsp']],
  [reply('', 'rsp'), ['dlq PAYLOAD_EMPTY api/mqtt/v1/SN7A2300583/rsp']],
  [reply('{}', 'rsp'), ['dlq REPLY_INVALID api/mqtt/v1/SN7A2300583/rsp']],
  [reply('\ufeff{"id":"c1","op":"x","status":"ok"}\0\0', 'rsp'), ['SUCCEEDED/1']],
  [reply({ status: 'ok' }, 'st'), ['SUCCEEDED/1']],
  [reply({ status: 'ok' }, 'rsp', 'OTHER'), ['ign reply_unknown']],
  [reply('{"id":"c1","op":"x","status":"ok","status":"ok"}'), ['SUCCEEDED/1']],
  [reply('{"id":"c1","op":"x","status":"ok","status":"no"}'), ['dlq JSON_DUPLICATE_KEY ' + evt]],
  [reply('[{"id":"c1","op":"x","status":"ok"}]'), ['dlq NOT_A_PUNCH ' + evt]],
  [
    { mqtt: { topic: `api/mqtt/v1/${SN}/st`, json: { id: 'c1', op: 'x', result: {} }, retain: true, dup: true } },
    ['SUCCEEDED/1 r={}'],
  ],
])
const RP = (v: string, h: Members = { mqtt_topic: evt, ingest_time: String(START - 100) }, key = SN): Members => ({
  kafka: { topic: 'cams.command-reply.v1', key, text: v, headers: h },
})
steps('reply topic', null, [
  base,
  [{ ...at(50), ...RP('{"id":"c1","op":"x","status":"ok"}') }, ['SUCCEEDED/1']],
  [RP('{"id":"c1","op":"x","status":"ok"}', {}, 'OTHER'), ['ign reply_unknown']],
  [RP('zz'), null],
  [{ kafka: { topic: 'cams.command-reply.v1', key: SN, value: null } }, null],
  [{ kafka: { topic: 'cams.command-reply.v1', key: SN, value: { id: 'c1', op: 'x', status: 'bad' } } }, null],
])
steps('sens reply', null, [
  [command({ op: 'set_template', data: '{"data":"x"}' }), null],
  [reply({ status: 'bad', code: 5, message: 'm', data: { a: 1 } }), ['FAILED/1 d=5 sensitive']],
  [reply({ status: 'ok', message: 'm', result: {} }), ['SUCCEEDED/1 sensitive']],
])
steps('cut id status', null, [
  [command({ commandId: 'a'.repeat(64) }), null],
  [reply({ id: 'a'.repeat(65), status: 'ok' }), ['ign reply_unknown']],
])
// device registry
