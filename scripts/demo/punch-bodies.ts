import { clockText, offsetText } from './wall-clock.ts'

/** One punch as it happens at a device. */
export interface Punch {
  readonly userId: string
  /** Epoch milliseconds. */
  readonly at: number
  /** 0 to 5, in the order of the default state map. */
  readonly state: number
}

/** The members of one punch as a device of some make sends them, and how they will be found again. */
export interface PunchBody {
  readonly members: Readonly<Record<string, unknown>>
  readonly userId: string
  readonly timeRaw: string
  readonly stateRaw: string | null
}

type Write = (punch: Punch, timeZone: string) => PunchBody

const httpStates = ['CheckIn', 'CheckOut', 'BreakOut', 'BreakIn', 'OvertimeIn', 'OvertimeOut']
const methods = ['Fingerprint', 'Face', 'Card', 'Palm']

const seconds = (punch: Punch): number => Math.floor(punch.at / 1000)

/** Every way to say the same that is out there: names, times, states. */
const writers: readonly Write[] = [
  // The first names, local time without a zone.
  ({ userId, at, state }, zone) => {
    const time = clockText(at, zone)
    const members = { user_id: userId, att_time: time, att_state: state, input_type: 1, work_code: 'W7' }
    return { members, userId, timeRaw: time, stateRaw: String(state) }
  },
  // Camel case, slashes, the state as text.
  ({ userId, at, state }, zone) => {
    const time = clockText(at, zone).replaceAll('-', '/')
    const members = { userId, attTime: time, attState: String(state), inputType: 'face', faceMask: false }
    return { members, userId, timeRaw: time, stateRaw: String(state) }
  },
  // The body that such devices post over HTTP: words for states, a zone behind the time.
  ({ userId, at, state }, zone) => {
    const time = `${clockText(at, zone)} GMT ${offsetText(at, zone)}`
    const [word = 'CheckIn', method] = [httpStates[state], methods[at % methods.length]]
    const extras = { InputType: method, Temperature: '36.6', FaceMask: 'true', UserName: 'not to be kept' }
    return { members: { UserId: userId, LogTime: time, Type: word, ...extras }, userId, timeRaw: time, stateRaw: word }
  },
  // The user id as a number, epoch seconds as a number, no state at all.
  (punch) => {
    const userId = String(1000 + (punch.at % 900))
    const members = { UserID: Number(userId), att_time: seconds(punch) }
    return { members, userId, timeRaw: String(seconds(punch)), stateRaw: null }
  },
  // Epoch milliseconds as text.
  ({ userId, at, state }) => {
    const members = { user_id: userId, att_time: String(at), att_state: state, record_id: at % 100_000 }
    return { members, userId, timeRaw: String(at), stateRaw: String(state) }
  },
  // ISO 8601 with an offset, a state nobody knows.
  ({ userId, at }, zone) => {
    const time = `${clockText(at, zone).replace(' ', 'T')}${offsetText(at, zone)}`
    return { members: { userId, attTime: time, attState: 255, photo: 'AAAA' }, userId, timeRaw: time, stateRaw: '255' }
  },
  // Fourteen digits.
  ({ userId, at, state }, zone) => {
    const time = clockText(at, zone).replaceAll(/\D/g, '')
    const members = { user_id: userId, att_time: time, att_state: state }
    return { members, userId, timeRaw: time, stateRaw: String(state) }
  },
  // Dots and a fraction of a second.
  ({ userId, at, state }, zone) => {
    const time = `${clockText(at, zone).replaceAll('-', '.')}.${String(at % 1000).padStart(3, '0')}`
    const members = { user_id: userId, att_time: time, att_state: state, battery: 80 }
    return { members, userId, timeRaw: time, stateRaw: String(state) }
  },
]

/** A device keeps to one way of writing. */
export function writePunch(punch: Punch, deviceNumber: number, timeZone: string | null): PunchBody {
  const write = writers[deviceNumber % writers.length] ?? writers[0]!
  return write(punch, timeZone ?? 'UTC')
}

const wrappers = [null, 'records', 'logs', 'punches'] as const

/** Several punches in one message: an array, or an object around it. */
export function wrapBatch(items: readonly string[], deviceNumber: number): string {
  const wrapper = wrappers[deviceNumber % wrappers.length] ?? null
  const array = `[${items.join(',')}]`
  return wrapper === null ? array : `{"firmware":"2.1.7","${wrapper}":${array}}`
}

/** Some devices write a byte order mark in front, or NULs behind. */
export function finishPayload(text: string, deviceNumber: number): string {
  if (deviceNumber % 23 === 7) return `\ufeff${text}`
  return deviceNumber % 19 === 5 ? `${text}\0\0` : text
}
