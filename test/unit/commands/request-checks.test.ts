import { describe, expect, it } from 'vitest'
import { classOf } from '../../../src/commands/operations.ts'
import { PartitionDriver, publications, published, records, SN, statuses, steps, T0 } from './partition-driver.ts'

const far = T0 + 604_800_000

describe('the checks come in their order', () => {
  // Each request fails the check of its row and every later one that can fail with it.
  const rows: readonly (readonly [string, Record<string, unknown>])[] = [
    ['SN_INVALID', { deviceSn: 'a/b', commandId: 'a b', op: '' }],
    ['ID_INVALID', { commandId: 'a b', op: '' }],
    ['OP_MISSING', { op: ' \t', data: '5' }],
    ['OP_INVALID', { op: 'Ping', data: '5' }],
    ['OP_INVALID', { op: 'p'.repeat(49), data: '5' }],
    ['OP_UNKNOWN', { op: 'fly', data: '5' }],
    ['DATA_INVALID', { op: 'factory_reset', data: `[${'1'.repeat(300)}]` }],
    ['TOO_LARGE', { op: 'factory_reset', data: `{"a":"${'x'.repeat(300)}"}`, ifOffline: 'WAIT' }],
    ['CONFIRM_REQUIRED', { op: 'factory_reset', ifOffline: 'WAIT' }],
    ['EXPIRY_REQUIRED', { ifOffline: 'WAIT' }],
    ['EXPIRY_REQUIRED', { op: 'open_door', ifOffline: 'WAIT' }],
    ['EXPIRY_TOO_FAR', { ifOffline: 'WAIT', expiresAt: far + 1 }],
  ]
  const settings = { commands: { strictOps: true, limits: { payloadBytes: 200 } } }

  it.each(rows)('%s %j', (code, request) => {
    const effects = new PartitionDriver(settings).ask({ correlationId: 'x', ...request })
    expect(steps(effects)).toEqual([`REJECTED ${code}`])
    expect(statuses(effects)[0]).toMatchObject({ attempt: 1, correlationId: 'x', statusTime: T0 })
    expect(publications(effects)).toEqual([])
  })

  it('and the last gives EXPIRED', () => {
    expect(steps(new PartitionDriver().ask({ expiresAt: T0 }))).toEqual(['EXPIRED EXPIRED'])
    expect(steps(new PartitionDriver().ask({ expiresAt: T0 + 1 }))).toEqual(['ACCEPTED'])
    expect(steps(new PartitionDriver().ask({ ifOffline: 'WAIT', expiresAt: far }))).toEqual(['ACCEPTED'])
  })

  it.each(['{"confirm":"other"}', '{"confirm":["SN7A2300583"]}', '{}', null])('confirm %s does not do', (data) => {
    expect(steps(new PartitionDriver().ask({ op: 'upgrade', data }))).toEqual(['REJECTED CONFIRM_REQUIRED'])
  })

  it('confirm is the serial', () => {
    expect(steps(new PartitionDriver().ask({ op: 'clear_logs', data: `{"confirm":"${SN}"}` }))).toEqual(['ACCEPTED'])
  })

  it('an unknown op is published and counted', () => {
    const effects = new PartitionDriver().ask({ op: 'fly' })
    expect(publications(effects)).toHaveLength(1)
    expect(effects).toContainEqual({ kind: 'counted', what: 'op_unknown' })
    expect(new PartitionDriver().ask({ op: 'ping' }).map((effect) => effect.kind)).toEqual(['record', 'publish'])
  })

  it('an op of Object.prototype is unknown like any other', () => {
    expect(classOf('constructor')).toBeNull()
  })
})

describe('identifiers', () => {
  it('are cut to 64 characters in a status, the key is not', () => {
    const deviceSn = '😀'.repeat(70)
    const [record] = records(new PartitionDriver().ask({ deviceSn, commandId: 'c'.repeat(65), op: 'o'.repeat(70) }))
    expect(record?.key).toBe(deviceSn)
    expect(record?.value).toMatchObject({ deviceSn: '😀'.repeat(64), commandId: 'c'.repeat(64), op: 'o'.repeat(64) })
  })

  it('of 64 characters pass', () => {
    expect(steps(new PartitionDriver().ask({ commandId: `${'c'.repeat(60)}._:-`, op: 'o'.repeat(48) }))).toEqual([
      'ACCEPTED',
    ])
  })
})

describe('sensitive', () => {
  it.each([
    [{ op: 'set_template' }, true],
    [{ op: 'set_photo' }, true],
    [{ op: 'sync_user' }, false],
    [{ op: 'ping', sensitive: true }, true],
    [{ op: 'set_photo', commandId: 'a b' }, true],
  ])('%j: %s', (request, sensitive) => {
    expect(statuses(new PartitionDriver().ask(request))[0]?.sensitive).toBe(sensitive)
  })
})

describe('the publication', () => {
  it('goes to the command topic of the device', () => {
    expect(published(new PartitionDriver().ask())).toMatchObject({
      topic: `api/mqtt/v1/${SN}/cmd`,
      deviceSn: SN,
      expirySeconds: null,
      expiresAt: null,
    })
  })

  it.each([
    [1, 1],
    [1999, 1],
    [2000, 2],
    [4_294_967_296_000, 4_294_967_295],
  ])('with %i ms left expires in %i s', (left, seconds) => {
    expect(published(new PartitionDriver().ask({ expiresAt: T0 + left })).expirySeconds).toBe(seconds)
  })

  it('of a door op expires 30 s after acceptance, or after the record when that is earlier', () => {
    const door = { op: 'open_door' }
    expect(published(new PartitionDriver().ask(door)).expiresAt).toBe(T0 + 30_000)
    expect(published(new PartitionDriver().ask({ ...door, expiresAt: T0 + 5000 })).expiresAt).toBe(T0 + 5000)
    expect(published(new PartitionDriver().ask({ ...door, expiresAt: T0 + 50_000 })).expiresAt).toBe(T0 + 30_000)
    expect(published(new PartitionDriver().ask(door, { timestamp: T0 - 10_000 })).expiresAt).toBe(T0 + 20_000)
    expect(published(new PartitionDriver().ask(door, { timestamp: T0 + 10_000 })).expiresAt).toBe(T0 + 30_000)
    expect(steps(new PartitionDriver().ask(door, { timestamp: T0 - 30_000 }))).toEqual(['EXPIRED EXPIRED'])
    expect(published(new PartitionDriver().ask(door, { timestamp: -1 })).expiresAt).toBe(T0 + 30_000)
  })
})
