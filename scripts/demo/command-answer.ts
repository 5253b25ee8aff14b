import { type Message, replyOutcome } from './message.ts'

/** One answer of a device, and how long its work took. */
interface Answer {
  readonly afterMs: number
  readonly message: Message
}

/** How the ids of the demo's own commands begin. */
export const idPrefix = 'demo-'

/** The only user that no device of the demo has. */
export const strangerId = 'nobody'

const workMs = 400

/** What a device says to a command on its `cmd` topic, in order; nothing when it cannot even find an id in it. */
export function answersTo(deviceSn: string, payload: Buffer): readonly Answer[] {
  const command = parse(payload)
  if (typeof command?.id !== 'string' || typeof command.op !== 'string') return []
  const { id, op, data } = command
  const topic = `api/mqtt/v1/${deviceSn}/evt`
  // Of a command that a visitor published past the bridge, or to a partition that is not the device's, it knows nothing.
  const isOurs = id.startsWith(idPrefix)
  const say = (afterMs: number, status: string, reply: object): Answer => {
    const outcomes = isOurs ? [replyOutcome(deviceSn, id, status)] : []
    return { afterMs, message: { topic, payload: JSON.stringify({ id, op, ...reply }), retain: false, outcomes } }
  }
  if (op === 'get_user' && data?.user_id === strangerId) {
    return [say(0, 'FAILED', { status: 'error', code: -1002, message: 'no such user' })]
  }
  const done = { status: 'ok', data: { model: 'demo', firmware: '2.1.7', time: Date.now() } }
  if (op !== 'get_logs') return [say(0, 'SUCCEEDED', done)]
  return [say(0, 'DELIVERED', { status: 'running' }), say(workMs, 'SUCCEEDED', done)]
}

interface Command {
  readonly id?: unknown
  readonly op?: unknown
  readonly data?: { readonly user_id?: unknown } | null
}

function parse(payload: Buffer): Command | null {
  try {
    return JSON.parse(payload.toString('utf8')) as Command | null
  } catch {
    return null
  }
}
