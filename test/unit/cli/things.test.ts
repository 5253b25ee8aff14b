import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LiveLine } from '../../../src/cli/live-line.ts'
import { JobView } from '../../../src/cli/things/job-view.ts'
import { fromPlain } from '../../../src/records/plain.ts'
import { bridgeSays } from '../../kit/bridge-words.ts'

/** Port 1 is closed: whoever gets past the checks ends with 69. */
const nowhere = ['kafka.brokers=["127.0.0.1:1"]', 'kafka.connectTimeoutMs=50', 'kafka.requestTimeoutMs=50']
const say = async (words: readonly string[], files: Readonly<Record<string, string>> = {}, fleet = true) =>
  bridgeSays([...words, ...[...nowhere, `fleet.enabled=${fleet}`].flatMap((setting) => ['--set', setting])], files)

describe('commands on things', () => {
  it.each([
    [['thing'], 'says not what to do'],
    [['thing', 'regster', 't1'], 'Did you mean register'],
    [['thing', 'register'], 'needs the name of a thing'],
    [['thing', 'register', 'a/b'], '"a/b" is no thing name'],
    [['thing', 'register', 't1', 't2'], 'does not know what to do with: t2'],
    [['thing', 'register', 't1', '--tag', 'floor'], '--tag takes NAME=VALUE'],
    [['thing', 'register', 't1', '--client-id', ''], '--client-id takes'],
    [['thing', 'register', '--file', 'none'], '--file: none cannot be read (ENOENT)'],
    [['thing', 'register', '--file', 'f', '--type', 'x'], '--type does not go with --file'],
    [['thing', 'show', 't1', '--type', 'x'], 'Unknown option'],
    [['shadow', 'get'], 'needs the name of a thing'],
    [['shadow', 'set', 't1'], 'needs the desired state as JSON'],
    [['shadow', 'set', 't1', '{"a":1,}'], 'the desired state is no JSON at line 1, column 8'],
    [['shadow', 'set', 't1', '{"a":1\n,"b"'], 'is no JSON at line 2, column 5: it ends too early'],
    [['shadow', 'set', 't1', ''], 'is empty; write {}'],
    [['shadow', 'set', 't1', '{"a":1e400}'], 'holds a number that no computer can keep'],
    [['shadow', 'set', 't1', '[1]'], 'is JSON but no object'],
    [['shadow', 'set', 't1', '@f'], 'the desired state: f is no JSON at line 1, column 1'],
    [['shadow', 'set', 't1', '{"a":[null]}'], 'holds a null inside an array'],
    [
      ['shadow', 'set', 't1', '{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}', '--set', 'fleet.shadow.maxDepth=5'],
      'maxDepth, 5',
    ],
    [['shadow', 'set', 't1', '{}', '--version', 'x'], '--version takes a whole number'],
    [['shadow', 'set', 't1', '{}', '--request-id', ''], '--request-id takes 1 to 64 bytes'],
    [['fleet', 'send'], 'says not what to do: command send or command cancel'],
    [['fleet', 'command', 'send', '--thing', 't1'], 'needs --action'],
    [['fleet', 'command', 'send', '--action', 'x'], 'needs --thing'],
    [['fleet', 'command', 'send', '--thing', 't1', '--action', 'x', '--ttl', '100ms'], '--ttl takes whole seconds'],
    [['fleet', 'command', 'send', '--thing', 't1', '--action', 'x', '--request-id', 'a b'], 'needs --id'],
    [['fleet', 'command', 'send', '--thing', 't1', '--action', 'x', '--id', 'a b'], '--id takes'],
    [['fleet', 'command', 'cancel', '--thing', 't1'], 'needs --id'],
    [['job', 'create'], 'needs the id of a job'],
    [['job', 'create', 'get', '--document', '{}', '--thing', 't1'], '"get" is no job id'],
    [['job', 'create', 'j1', '--thing', 't1'], 'needs --document'],
    [['job', 'create', 'j1', '--document', '{}'], 'needs --thing'],
    [['job', 'create', 'j1', '--document', '{}', '--things', 'names'], '--things: names, line 2: a/b is no name'],
    [['job', 'create', 'j1', '--document', '{}', '--thing', 't', '--execution-timeout', '90s'], 'whole minutes'],
    [['job', 'cancel', 'j1', '--expected-version', '1'], '--expected-version goes with --thing'],
    [['job', 'cancel', 'j1', '--thing', 't1', '--wait'], '--wait does not go with --thing'],
    [['job', 'show', 'j1', '--wait', '--executions'], '--executions shows how it is now'],
    [['api-key', 'create', 'a:b'], 'holds no colon'],
    [['api-key', 'create', 'a', '--thing', '$b'], '"$b" is no thing name'],
  ])('%j is refused before anything is connected', async (words, problem) => {
    const { code, out, err } = await say(words, { f: 'secret', names: 't1\na/b' })
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(problem)
    expect(err).toContain(`See: bridge ${words[0]} --help`)
    expect(err).not.toContain('secret')
  })

  it.each([
    ['thing', 'list'],
    ['thing', 'register', 't1'],
    ['shadow', 'set', 't1', 'null'],
    ['fleet', 'command', 'send', '--thing', 't1', '--action', 'x', '--params', '@f'],
    ['job', 'create', 'j1', '--document', '{}', '--things', 'names', '--execution-timeout', '2h'],
    ['job', 'show', 'j1', '--wait'],
    ['api-key', 'list'],
  ])('%s %s goes on to Kafka', async (...words) => {
    expect((await say(words, { f: '{}', names: 't1\r\nt2\n' })).code).toBe(69)
  })

  it('need a bridge that serves things, and say so', async () => {
    const { code, err } = await say(['job', 'list'], {}, false)
    expect(code).toBe(78)
    expect(err).toContain('fleet.enabled (--set) is off')
  })

  it('name every wrong line of a file of things and register none', async () => {
    const f = [
      '{"thingName":"t1"}',
      '{"thingName":"t2",}',
      '',
      '{"thingNam":"t3"}',
      '{"thingName":"t4","tags":7}',
      '[]',
    ]
    const { code, out, err } = await say(['thing', 'register', '--file', 'f'], { f: f.join('\n') })
    expect([code, out]).toEqual([2, ''])
    expect(err.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'line 2: is',
      'line 4: "thingNam"',
      'line 5: tags',
      'line 6: is',
      'bridge thing: nothing',
      '',
    ])
  })
})

const state = (status: string) =>
  fromPlain('JobState', {
    jobId: 'j1',
    requestId: 'r1',
    status,
    targetSelection: 'SNAPSHOT',
    documentJson: '{}',
    targets: { thingNames: ['a', 'b', 'a'] },
    createdAt: 10,
    occurredAt: 10,
  })
const progress = (counts: Record<string, number>, more: object = {}) =>
  fromPlain('JobProgress', { jobId: 'j1', executionsTotal: 2, counts, occurredAt: 10, ...more })

describe('a job', () => {
  it('is over when nothing more will happen, whichever of its topics comes first', () => {
    const view = new JobView()
    expect([view.isOver, view.isDeleted]).toEqual([false, false])
    view.take(state('IN_PROGRESS'))
    view.takeProgress(progress({}, { fanOut: 'QUEUE', executionsTotal: null }))
    expect([view.isOver, view.all]).toEqual([false, 2])
    view.take(state('COMPLETED'))
    expect(view.isOver).toBe(false)
    view.takeProgress(progress({ SUCCEEDED: 1, FAILED: 1 }))
    expect([view.isOver, view.failed, view.summary()]).toEqual([true, 1, '1 SUCCEEDED, 1 FAILED'])
    view.take(state('CANCELED'))
    view.takeProgress(progress({ IN_PROGRESS: 1, CANCELED: 1 }))
    expect(view.isOver).toBe(false)
    view.takeProgress(progress({ SUCCEEDED: 1, CANCELED: 1 }, { fanOut: 'CANCEL' }))
    expect(view.isOver).toBe(false)
    view.take(null)
    expect([view.isOver, view.isDeleted]).toEqual([true, true])
  })

  it('does not take the counts of an earlier job of its id for its own', () => {
    const view = new JobView()
    view.takeProgress(progress({ SUCCEEDED: 2 }, { occurredAt: 9 }))
    view.take(state('COMPLETED'))
    expect([view.progress, view.isOver]).toEqual([null, false])
  })

  it('is shown with a bar for each state', () => {
    const view = new JobView()
    view.take(state('IN_PROGRESS'))
    view.takeProgress(progress({ QUEUED: 1, FAILED: 1 }, { fanOut: 'QUEUE', fannedOut: 1 }))
    expect(view.bars().split('\n')).toEqual([
      'job j1  IN_PROGRESS  queueing 1/2',
      'QUEUED       [############............] 1/2',
      'IN_PROGRESS  [........................] 0/2',
      'SUCCEEDED    [........................] 0/2',
      'FAILED       [############............] 1/2',
    ])
  })
})

describe('lines at the end of a terminal', () => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = []
    const out = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk.toString())
        done()
      },
    })
    return { written, line: new LiveLine(Object.assign(out, { isTTY, columns: 6 })) }
  }

  it('are cut to its width and written over from the first of them', () => {
    const { line, written } = terminal(true)
    line.show('1234567\nb\nc')
    line.show('d')
    line.clear()
    line.clear()
    expect(written).toEqual(['\r\u001b[J12345\nb\nc', '\r\u001b[2A\u001b[Jd', '\r\u001b[J'])
  })

  it('are nothing where there is no terminal', () => {
    const { line, written } = terminal(false)
    line.show('a')
    line.clear()
    expect(written).toEqual([])
  })
})
