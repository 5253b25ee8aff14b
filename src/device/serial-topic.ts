/** What a device serial looks like (attendance 2). */
const SERIAL = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/

const PREFIX = 'api/mqtt/v1/'

/** What the last level of a topic says the message is. */
export type Leaf = 'evt' | 'st' | 'reply'

export type TopicReading =
  | { readonly deviceSn: string; readonly leaf: Leaf }
  | { readonly code: 'TOPIC_INVALID' | 'SN_EMPTY' | 'SN_INVALID' }

export function isSerial(text: string): boolean {
  return SERIAL.test(text)
}

/** The serial and leaf of a device topic, or the code of the first step that fails (attendance 2). */
export function readTopic(topic: string, replyLeaves: ReadonlySet<string>): TopicReading {
  const end = topic.indexOf('/', PREFIX.length)
  if (end < 0 || !topic.startsWith(PREFIX)) return { code: 'TOPIC_INVALID' }
  const last = topic.slice(end + 1)
  const leaf = last === 'evt' || last === 'st' ? last : replyLeaves.has(last) ? 'reply' : null
  if (leaf === null) return { code: 'TOPIC_INVALID' }
  const deviceSn = topic.slice(PREFIX.length, end)
  if (deviceSn === '') return { code: 'SN_EMPTY' }
  return isSerial(deviceSn) ? { deviceSn, leaf } : { code: 'SN_INVALID' }
}
