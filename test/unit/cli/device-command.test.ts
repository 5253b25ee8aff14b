import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Outcomes } from '../../../src/cli/device-command/outcomes.ts'
import { sendCommands } from '../../../src/cli/device-command/send.ts'
import { showStatuses } from '../../../src/cli/device-command/show-statuses.ts'
import { statusTable, statusText } from '../../../src/cli/device-command/status-text.ts'
import { deviceCommand } from '../../../src/cli/device-command.ts'
import { dispatch } from '../../../src/cli/dispatch.ts'
import type { CommandRequest } from '../../../src/records/generated/command-request.ts'
import type { CommandStatus } from '../../../src/records/generated/command-status.ts'

/** Port 1 is closed: whoever gets past the checks ends with 69. */
const nowhere = [
  '--set',
  'kafka.brokers=["127.0.0.1:1"]',
  '--set',
  'kafka.connectTimeoutMs=50',
  '--set',
  'kafka.requestTimeoutMs=50',
]

async function command(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const [out, err]: [string[], string[]] = [[], []]
  const collect = (into: string[]) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        into.push(chunk.toString())
        done()
      },
    })
  const code = await dispatch([deviceCommand(sendCommands, showStatuses)], ['command', ...args, ...nowhere], {
    stdin: process.stdin,
    stdout: collect(out),
    stderr: collect(err),
    env: {},
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return text
    },
  })
  return { code, out: out.join(''), err: err.join('') }
}

describe('bridge command send', () => {
  it.each([
    [['--device', 'a+b', '--op', 'ping'], '--device is no serial number'],
    [['--device', 'SN1', '--op', 'Ping'], '--op must be'],
    [['--device', 'SN1', '--op', ' '], '--op is missing'],
    [['--device', 'SN1', '--op', 'ping', '--id', 'a b'], '--id must be'],
    [['--device', 'SN1', '--op', 'ping', '--data', '["secret"]'], '--data must be one JSON object'],
    [['--device', 'SN1', '--op', 'ping', '--data', '{"pin":"secret"'], '--data must be one JSON object'],
    [['--device', 'SN1', '--op', 'clear_logs', '--data', '{"confirm":"SN2"}'], '--data must have a member confirm'],
    [['--device', 'SN1', '--op', 'ping', '--if-offline', 'wait'], '--expires is needed'],
    [['--device', 'SN1', '--op', 'ping', '--if-offline', 'wait', '--expires', '900d'], '--expires is further away'],
    [['--device', 'SN1', '--op', 'ping', '--if-offline', 'never'], '--if-offline takes wait or fail'],
    [['--device', 'SN1', '--op', 'ping', '--expires', '30'], '--expires takes a time such as'],
    [['--device', 'SN1', '--op', 'ping', '--wait-for', 'ever'], '--wait-for takes published or reply'],
    [['--device', 'SN1', '--op', 'ping', '--timeout', '3s'], '--timeout goes with --wait'],
    [['--device', 'SN1', '--op', 'ping', '--wait', '--timeout', '25d'], '--timeout takes 24d at most'],
    [['--device', 'SN1'], 'needs --op'],
    [['--op', 'ping'], 'needs --device'],
    [['--device', 'SN1', '--file', 'f'], '--device does not go with --file'],
    [['--file', 'f'], '--file: f cannot be read (ENOENT)'],
    [['--device', 'SN1', '--op', 'ping', '--data', '@f'], '--data: f cannot be read (ENOENT)'],
  ])('%j is refused before anything is connected', async (args, problem) => {
    const { code, out, err } = await command(['send', ...args])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`bridge command: ${problem}`)
    expect(err).not.toContain('secret')
  })

  it('takes data from a file and goes on to Kafka', async () => {
    const { code, err } = await command(['send', '--device', 'SN1', '--op', 'ping', '--data', '@f'], { f: '{"a":1}\n' })
    expect(code).toBe(69)
    expect(err).toContain('; see kafka.brokers (')
  })

  it('names every wrong line of a file, shows no value, and sends nothing', async () => {
    const f = [
      '{"deviceSn":"SN1","op":"ping"}',
      '{"deviceSn":"SN1","op":"set_photo","data":{"url":"secret",}}',
      '',
      '{"deviceSn":"SN1","opp":"ping"}',
      '{"deviceSn":"SN 1","op":"ping"}',
      '{"deviceSn":"SN1","op":"ping","ifOffline":"LATER"}',
      '{"deviceSn":"SN1","op":"ping","expiresAt":"secret"}',
      '{"deviceSn":"SN1","op":"ping","ifOffline":"WAIT"}',
    ].join('\n')
    const { code, out, err } = await command(['send', '--file', 'f'], { f })
    expect([code, out]).toEqual([2, ''])
    expect(err.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'line 2: is',
      'line 4: "opp"',
      'line 5: deviceSn:',
      'line 6: ifOffline:',
      'line 7: has',
      'line 8: expiresAt:',
      'bridge command: nothing',
      '',
    ])
    expect(err).not.toContain('secret')
    expect((await command(['send', '--file', 'f', '--keep-going'], { f })).code).toBe(69)
    expect((await command(['send', '--file', 'f', '--keep-going'], { f: '\n' })).code).toBe(2)
  })

  // Guards request-file.ts `lines`: the bridge does the first one alone, and both would have been said to be sent.
  it('a command id that a line before gave to the same device makes a line wrong', async () => {
    const [one, other] = [
      '{"deviceSn":"SN1","commandId":"c1","op":"ping"}',
      '{"deviceSn":"SN2","commandId":"c1","op":"ping"}',
    ]
    const { code, err } = await command(['send', '--file', 'f'], { f: [one, other, one].join('\n') })
    expect(code).toBe(2)
    expect(err).toContain('line 3: commandId: is that of line 1')
    expect((await command(['send', '--file', 'f'], { f: [one, other].join('\n') })).code).toBe(69)
  })

  it('options stand in for what a line leaves out', async () => {
    const f = '{"deviceSn":"SN1","op":"ping","ifOffline":"WAIT"}'
    expect((await command(['send', '--file', 'f', '--expires', '1h'], { f })).code).toBe(69)
  })
})

const status: CommandStatus = {
  eventId: 'e',
  commandId: 'c1',
  deviceSn: 'SN1\u001b[2J',
  op: 'ping\n',
  status: 'PUBLISHED',
  statusTime: 0,
  attempt: 2,
  errorCode: null,
  deviceCode: '\u009b31m',
  message: 'x\u202ey',
  result: null,
  sensitive: false,
  correlationId: null,
}

describe('what is shown', () => {
  it('moves no cursor and keeps to its line', () => {
    expect(statusText(status)).toBe('1970-01-01T00:00:00.000Z  SN1?[2J  c1  ping?  PUBLISHED (2)  ?31m x?y')
    expect(statusTable([status]).split('\n')).toHaveLength(3)
    expect(statusTable([])).toBe('')
  })

  it('counts ends: the first one stands, repeats and strangers do not', () => {
    const requests = ['c1', 'c2'].map((commandId) => ({ deviceSn: 'SN1', commandId }) as CommandRequest)
    const take = (outcomes: Outcomes, commandId: string, name: CommandStatus['status']) =>
      outcomes.take({ ...status, deviceSn: 'SN1', commandId, status: name })
    const replies = new Outcomes(requests, 'reply')
    expect([take(replies, 'c1', 'PUBLISHED'), take(replies, 'c3', 'SUCCEEDED'), replies.open]).toEqual([true, false, 2])
    expect([take(replies, 'c1', 'SUCCEEDED'), take(replies, 'c1', 'FAILED'), replies.open]).toEqual([true, false, 1])
    expect([replies.failed, replies.summary()]).toEqual([0, '1 SUCCEEDED, 1 without a status'])
    const sends = new Outcomes(requests, 'published')
    take(sends, 'c1', 'PUBLISHED')
    take(sends, 'c2', 'NO_SUBSCRIBER')
    expect([sends.open, sends.failed]).toEqual([0, 1])
  })
})
