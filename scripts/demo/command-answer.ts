import { type Message, replyOutcome } from './message.ts'

/** What a device says to a command on its `cmd` topic; null when it cannot even find an id in it. */
export function answerCommand(deviceSn: string, payload: Buffer): Message | null {
  const command = parse(payload)
  if (typeof command?.id !== 'string' || typeof command.op !== 'string') return null
  const { id, op } = command
  const reply = { id, op, status: 'ok', data: { model: 'demo', firmware: '2.1.7', time: Date.now() } }
  const topic = `api/mqtt/v1/${deviceSn}/evt`
  return { topic, payload: JSON.stringify(reply), retain: false, outcomes: [replyOutcome(deviceSn, id)] }
}

function parse(payload: Buffer): { readonly id?: unknown; readonly op?: unknown } | null {
  try {
    return JSON.parse(payload.toString('utf8')) as { id?: unknown; op?: unknown } | null
  } catch {
    return null
  }
}
