import { createHash } from 'node:crypto'

/** A numbered punch: whatever comes out under its id must have the same check. */
export interface Punch {
  readonly id: string
  /** Grows within a device. */
  readonly number: number
  readonly deviceSn: string
  readonly payload: string
  /** It cannot become a record: its place is the dead-letter topic. */
  readonly poison: boolean
}

/** The name of the member that carries the check; kept as an attribute. */
const checkMember = 'check'

function checkOf(deviceSn: string, userId: string, time: string, state: string, id: string): string {
  return createHash('sha256').update([deviceSn, userId, time, state, id].join('|')).digest('hex').slice(0, 12)
}

/** `more`: further members of the payload. */
export function makePunch(number: number, deviceSn: string, more: Readonly<Record<string, string>> = {}): Punch {
  const [id, userId, time, state] = [`p${number}`, `u${number % 997}`, Math.floor(Date.now() / 1000), number % 6]
  const check = checkOf(deviceSn, userId, String(time), String(state), id)
  const members = { user_id: userId, att_time: time, att_state: state, record_id: id, [checkMember]: check, ...more }
  return { id, number, deviceSn, payload: JSON.stringify(members), poison: false }
}

/** A punch that nobody can read the time of. */
export function makePoison(number: number, deviceSn: string): Punch {
  const payload = JSON.stringify({ user_id: 'u1', att_time: 'never', record_id: `p${number}` })
  return { id: `p${number}`, number, deviceSn, payload, poison: true }
}

/** Whether a stored punch is what was sent. */
export function isSound(event: Readonly<Record<string, unknown>>): boolean {
  const text = (name: string): string => String(event[name])
  const attributes = event['attributes'] as Readonly<Record<string, string>>
  const check = checkOf(text('deviceSn'), text('userId'), text('timeRaw'), text('stateRaw'), text('deviceRecordId'))
  return attributes[checkMember] === check
}

/** The ids in a payload, whole or cut, single or a batch. */
export function idsIn(payload: string): string[] {
  return Array.from(payload.matchAll(/"record_id":"(p\d+)"/g), (found) => found[1] ?? '')
}
