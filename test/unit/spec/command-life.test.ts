import { command, PING, PUBLISHED, reply, report } from './lines.ts'
import { at, type Members, SN, START, steps } from './step-table.ts'

const NS = 'NO_SUBSCRIBER/1 e=NO_SUBSCRIBER'
for (const [c, e] of [
  [0, 'PUBLISHED/1'],
  [1, 'PUBLISHED/1'],
  [0x7f, 'PUBLISHED/1'],
  [0x10, NS],
  [0x80, 'FAILED/1 e=BROKER_REFUSED m=0x80'],
  [0x87, 'FAILED/1 e=BROKER_REFUSED m=0x87'],
  [0x9b, 'FAILED/1 e=BROKER_REFUSED m=0x9b'],
  [255, 'FAILED/1 e=BROKER_REFUSED m=0xff'],
] as const) {
  steps('puback ' + c, null, [[{ ...command({}), puback: c }, [PING, 'ACCEPTED/1', e]]])
  steps('puback wait ' + c, null, [
    [
      { ...command({ ifOffline: 'WAIT', expiresAt: START + 5000 }), puback: c },
      [PING + ' ~5', 'ACCEPTED/1', c === 16 ? 'WAITING/1' : e],
    ],
  ])
}
steps('puback sensitive', null, [
  [
    { ...command({ op: 'set_photo', correlationId: 'k' }), puback: 0x97 },
    [
      '> cmd {"id":"c1","op":"set_photo"}',
      'ACCEPTED/1 sensitive c=k',
      'FAILED/1 e=BROKER_REFUSED m=0x97 sensitive c=k',
    ],
  ],
])
steps('rejected sensitive', null, [
  [command({ op: 'set_photo', data: '[', correlationId: 'k' }), ['REJECTED/1 e=DATA_INVALID sensitive c=k']],
  [command({ sensitive: true, data: '[' }), ['REJECTED/1 e=DATA_INVALID sensitive']],
])
const W = (id: string, x: Members = {}): Members =>
  command({ commandId: id, ifOffline: 'WAIT', expiresAt: START + 20000, ...x })
const p = (id: string, e?: number, op = 'ping') => `> cmd {"id":"${id}","op":"${op}"}` + (e ? ' ~' + e : '')
const ON = report(true)
steps('wait order', null, [
  [{ ...W('a'), puback: 16 }, [p('a', 20), 'ACCEPTED/1', 'WAITING/1']],
  [W('b'), [p('b', 20), 'ACCEPTED/1', 'WAITING/1']],
  [W('c'), [p('c', 20), 'ACCEPTED/1', 'WAITING/1']],
  [{ ...at(1500), ...report(true, { retain: true }) }, ['seen ONLINE RETAINED_SNAPSHOT']],
  [report(false), ['seen OFFLINE DEVICE_OR_WILL']],
  [
    { ...at(1500), ...ON },
    ['seen ONLINE DEVICE_REPORT', p('a', 18), p('b', 18), p('c', 18), 'WAITING/2', 'WAITING/2', 'WAITING/2'],
  ],
  [{ ...at(2000), ...reply({ id: 'b', status: 'accepted' }) }, ['DELIVERED/2']],
  [
    { ...at(3000), ...ON, puback: 0 },
    ['seen ONLINE DEVICE_REPORT', p('a', 17), p('c', 17), 'PUBLISHED/3', 'PUBLISHED/3'],
  ],
  [ON, ['seen ONLINE DEVICE_REPORT']],
  [at(30000), []],
  [reply({ id: 'b', status: 'ok' }), ['SUCCEEDED/2']],
  [reply({ id: 'a', status: 'ok' }), ['SUCCEEDED/3']],
])
steps('wait limit', { commands: { limits: { waitingPerDevice: 1 } } }, [
  [{ ...W('a'), puback: 16 }, [p('a', 20), 'ACCEPTED/1', 'WAITING/1']],
  [W('b'), [p('b', 20), 'ACCEPTED/1', 'NO_SUBSCRIBER/1 e=WAIT_LIMIT']],
  [
    {
      kafka: {
        topic: 'cams.command.v1',
        key: 'O',
        value: { commandId: 'z', op: 'ping', ifOffline: 'WAIT', expiresAt: START + 9000 },
      },
    },
    ['> api/mqtt/v1/O/cmd {"id":"z","op":"ping"} ~9', 'ACCEPTED/1', 'WAITING/1'],
  ],
  [{ ...at(1), ...ON }, ['seen ONLINE DEVICE_REPORT', p('a', 19), 'WAITING/2']],
  [{ ...at(20001) }, ['EXPIRED/1 e=EXPIRED @9000 KEY!'.replace(' KEY!', ''), 'EXPIRED/2 e=EXPIRED @20000']],
  [W('c', { expiresAt: START + 40000 }), null],
  [W('b', { expiresAt: START + 40000 }), ['NO_SUBSCRIBER/1 e=WAIT_LIMIT @0']],
])
steps('expiry timer', null, [
  [{ ...W('a', { expiresAt: START + 1000 }), puback: 16 }, [p('a', 1), 'ACCEPTED/1', 'WAITING/1']],
  [at(1000), []],
  [at(1001), ['EXPIRED/1 e=EXPIRED @1000']],
  [reply({ id: 'a', code: 0 }), ['SUCCEEDED/1 d=0']],
  [ON, ['seen ONLINE DEVICE_REPORT']],
])
steps('same ms reply', null, [
  [{ ...W('a', { expiresAt: START + 1000 }), puback: 16 }, null],
  [{ ...at(1000), ...reply({ id: 'a', status: 'ok' }) }, ['EXPIRED/1 e=EXPIRED', 'SUCCEEDED/1']],
  [at(5000), []],
])
steps('same ms online', null, [
  [{ ...W('a', { expiresAt: START + 1000 }), puback: 16 }, null],
  [W('b'), null],
  [{ ...at(1000), ...ON }, ['seen ONLINE DEVICE_REPORT', p('b', 19), 'EXPIRED/1 e=EXPIRED', 'WAITING/2']],
  [at(5000), []],
])
steps('same ms repeat', null, [
  [{ ...W('a', { expiresAt: START + 1000 }), puback: 16 }, null],
  [{ ...at(1000), ...W('a') }, ['EXPIRED/1 e=EXPIRED', 'EXPIRED/1 e=EXPIRED']],
  [at(5000), []],
])
steps('same ms other', null, [
  [{ ...W('a', { expiresAt: START + 1000 }), puback: 16 }, null],
  [{ ...at(1000), ...command({ commandId: 'q' }) }, [p('q'), 'ACCEPTED/1', NS]],
  [reply({ id: 'q', status: 'x' }), ['FAILED/1 d=x']],
  [at(1001), ['EXPIRED/1 e=EXPIRED @1000']],
])
steps('same ms retained online', null, [
  [{ ...W('a', { expiresAt: START + 1000 }), puback: 16 }, null],
  [{ ...at(1000), ...report(true, { retain: true }) }, ['seen ONLINE RETAINED_SNAPSHOT']],
  [at(1001), ['EXPIRED/1 e=EXPIRED @1000']],
])
steps(
  'timers order two devices',
  null,
  [
    [{ ...W('a', { expiresAt: START + 3000 }), puback: 16 }, null],
    [W('b', { expiresAt: START + 1000 }), null],
    [at(9000), ['EXPIRED/1 e=EXPIRED @1000 id=b', 'EXPIRED/1 e=EXPIRED @3000 id=a']],
  ],
  { id: true },
)
steps('door wait', null, [
  [
    { ...W('a', { op: 'open_door', expiresAt: START + 60000 }), puback: 16 },
    [p('a', 30, 'open_door'), 'ACCEPTED/1', 'WAITING/1'],
  ],
  [{ ...at(10000), ...ON }, ['seen ONLINE DEVICE_REPORT', p('a', 20, 'open_door'), 'WAITING/2']],
  [at(60000), ['EXPIRED/2 e=EXPIRED @30000']],
])
steps('reply ends wait', null, [
  [{ ...W('a'), puback: 16 }, null],
  [reply({ id: 'a', status: 'nope' }), ['FAILED/1 d=nope']],
  [ON, ['seen ONLINE DEVICE_REPORT']],
  [at(30000), []],
])
steps('online refused', null, [
  [{ ...W('a'), puback: 16 }, null],
  [{ ...ON, puback: 0x80 }, ['seen ONLINE DEVICE_REPORT', p('a', 20), 'FAILED/2 e=BROKER_REFUSED m=0x80']],
  [ON, ['seen ONLINE DEVICE_REPORT']],
])
const pres = (reason: string, status = 'ONLINE', sn = SN): Members => ({
  kafka: {
    topic: 'cams.presence.v1',
    key: sn,
    value: {
      eventId: '7e4cb9e5-ee5a-5e84-a89e-03777d3efcf3',
      deviceSn: sn,
      status,
      statusTime: START,
      ingestTime: START,
      reason,
    },
  },
})
steps('presence topic', null, [
  [{ ...W('a'), puback: 16 }, null],
  [pres('RETAINED_SNAPSHOT'), []],
  [pres('DEVICE_REPORT', 'OFFLINE'), []],
  [pres('DEVICE_REPORT', 'UNKNOWN'), []],
  [pres('DEVICE_REPORT', 'ONLINE', 'OTHER'), []],
  [pres('STALE_TIMEOUT'), [p('a', 20), 'WAITING/2']],
  [pres('UNKNOWN'), [p('a', 20), 'WAITING/3']],
  [{ kafka: { topic: 'cams.presence.v1', key: SN, value: null } }, []],
  [{ kafka: { topic: 'cams.presence.v1', key: SN, text: 'zz' } }, []],
  [pres('DEVICE_REPORT'), [p('a', 20), 'WAITING/4']],
])
steps('broker event online', { presence: { brokerEventTopic: 'be' } }, [
  [{ ...W('a'), puback: 16 }, null],
  [
    { mqtt: { topic: 'be', json: { event: 'client.connected', clientid: SN, connected_at: 1782014405000 } } },
    ['seen ONLINE BROKER_EVENT', p('a', 20), 'WAITING/2'],
  ],
])
steps('bare online', null, [
  [{ ...W('a'), puback: 16 }, null],
  [{ mqtt: { topic: `api/mqtt/v1/${SN}/st`, text: 'online' } }, ['seen ONLINE DEVICE_REPORT', p('a', 20), 'WAITING/2']],
])
// repeats
steps('dedup', null, [
  [command({}), PUBLISHED],
  [{ ...at(3599999), ...command({ op: 'foo' }) }, ['PUBLISHED/1 @0']],
  [{ ...at(3600000), ...command({ op: 'foo' }) }, ['> cmd {"id":"c1","op":"foo"}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('remember', null, [
  [command({}), PUBLISHED],
  [{ ...at(3599999), ...command({}) }, ['PUBLISHED/1 @0']],
  [{ ...at(86400000), ...reply({ status: 'ok' }) }, ['SUCCEEDED/1']],
  [{ ...at(172800000), ...reply({ status: 'ok' }) }, ['SUCCEEDED/1']],
  [{ ...at(259200001), ...reply({ status: 'ok' }) }, ['ign reply_unknown']],
])
steps('remember2', null, [
  [command({}), PUBLISHED],
  [{ ...at(3599999), ...command({}) }, ['PUBLISHED/1 @0']],
  [{ ...at(86400001), ...reply({ status: 'ok' }) }, ['ign reply_unknown']],
])
steps('remember short', { commands: { rememberSeconds: 10 } }, [
  [command({}), PUBLISHED],
  [{ ...at(10000), ...command({}) }, ['PUBLISHED/1 @0']],
  [{ ...at(10001), ...command({}) }, PUBLISHED],
])
steps('dedup short', { commands: { dedupSeconds: 10 } }, [
  [command({}), PUBLISHED],
  [{ ...at(9999), ...command({}) }, ['PUBLISHED/1 @0']],
  [{ ...at(10000), ...command({}) }, PUBLISHED],
  [{ ...at(19999), ...command({}) }, ['PUBLISHED/1 @10000']],
])
steps('wait repeat old', null, [
  [{ ...W('a', { expiresAt: START + 90000000 }), puback: 16 }, null],
  [{ ...at(3700000), ...W('a') }, ['WAITING/1 @0']],
  [{ ...at(89000000), ...W('a') }, ['WAITING/1 @0']],
  [{ ...at(89000000), ...reply({ id: 'a', status: 'queued' }) }, ['DELIVERED/1']],
  [W('a', { expiresAt: START + 99000000 }), [p('a', 10000), 'ACCEPTED/1', 'WAITING/1']],
])
steps('repeat failed & nosub', null, [
  [{ ...command({}), puback: 16 }, null],
  [{ ...command({}), puback: 0 }, [NS]],
  [reply({ status: 'ok' }), ['SUCCEEDED/1']],
  [reply({ status: 'bad' }), ['FAILED/1 d=bad']],
  [command({}), ['FAILED/1 d=bad']],
])
steps('two sn same id', null, [
  [command({}), PUBLISHED],
  [command({ deviceSn: 'O' }), ['> api/mqtt/v1/O/cmd {"id":"c1","op":"ping"}', 'ACCEPTED/1', 'PUBLISHED/1']],
])
steps('expired not remembered', null, [
  [command({ expiresAt: START }), ['EXPIRED/1 e=EXPIRED']],
  [reply({ status: 'ok' }), ['ign reply_unknown']],
  [command({}), PUBLISHED],
])
steps(
  'new use reply',
  { commands: { dedupSeconds: 10 } },
  [
    [command({ op: 'aaa', correlationId: 'x' }), null],
    [{ ...at(10000), ...command({ op: 'bbb' }) }, null],
    [reply({ status: 'ok' }), ['SUCCEEDED/1 op=bbb']],
  ],
  { op: true },
)
