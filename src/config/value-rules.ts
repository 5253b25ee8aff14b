import { z } from 'zod'
import { isSerial } from '../device/serial-topic.ts'
import { isKnownZone } from '../device/zone-clock.ts'

/** Rules of single values. Each says in `x-allowed` what it takes; the error text and the docs page repeat that. */
function rule<S extends z.ZodType>(schema: S, allowed: string): S {
  return schema.meta({ 'x-allowed': allowed })
}

export const flag = z.boolean()
export const text = z.string().min(1)
export const textList = z.array(text)

export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return z.int().min(min).max(max)
}

export const byteLimit = whole(1, 268_435_455)
/** In milliseconds, and added to any time of now, still a whole number that a double holds exactly. */
export const seconds = whole(0, 1_000_000_000_000)
export const milliseconds = whole(0, 86_400_000)
export const port = whole(0, 65_535)

const aZone = 'the name of an IANA time zone, such as Asia/Kolkata'
export const noZone = 'is no zone of the IANA database'
export const zoneName = rule(z.string().refine(isKnownZone, noZone), aZone)
/** For lists, whose zones are looked up together. */
export const zoneText = rule(z.string(), aZone)

export const serial = rule(
  z.string().refine(isSerial, 'is no serial number'),
  'a letter or digit, then up to 63 letters, digits, or any of . _ : -',
)

export const instant = rule(
  z.iso.datetime({ offset: true, error: 'is no instant' }),
  'an instant such as 2015-01-01T00:00:00.000Z',
)

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

export const pseudonymKey = rule(
  z
    .string()
    .refine((value) => base64.test(value) && Buffer.from(value, 'base64').length >= 16, 'is no key that can be used'),
  'Base64 of at least 16 bytes',
)

export const kafkaTopic = rule(
  z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/, 'is no topic name')
    .refine((value) => value !== '.' && value !== '..', 'is no topic name'),
  'a Kafka topic name: 1 to 249 letters, digits, or any of . _ -',
)

export const topicPrefix = rule(
  z.string().regex(/^[A-Za-z0-9._-]{0,200}$/, 'cannot start a topic name'),
  'up to 200 letters, digits, or any of . _ -',
)

const utf8Bytes = (value: string): number => Buffer.byteLength(value, 'utf8')

export const mqttTopic = rule(
  z.string().refine((value) => /^[^\0+#]+$/.test(value) && utf8Bytes(value) <= 65_535, 'is no MQTT topic'),
  'an MQTT topic without + and #',
)

function isFilter(value: string): boolean {
  if (value === '' || value.includes('\0') || utf8Bytes(value) > 65_535) return false
  const levels = value.split('/')
  return levels.every(
    (level, index) =>
      level === '+' || (level === '#' && index === levels.length - 1) || (!level.includes('+') && !level.includes('#')),
  )
}

export const mqttFilter = rule(z.string().refine(isFilter, 'is no MQTT topic filter'), 'an MQTT topic filter')

export const replyLeaf = rule(
  z
    .string()
    .refine((value) => /^[^\0/+#]+$/.test(value) && utf8Bytes(value) <= 256, 'is no level of an MQTT topic')
    .refine((value) => !['evt', 'st', 'cmd'].includes(value), 'is a topic level with another use'),
  'one level of an MQTT topic other than evt, st and cmd',
)

/** A part of a client id, group or queue name that is also one topic level. */
export const groupName = rule(
  z.string().refine((value) => /^[^\0/+#\s]{1,200}$/.test(value), 'is no such name'),
  'up to 200 characters without white space, / + and #',
)

function isUrl(value: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return protocols.includes(url.protocol) && url.hostname !== '' && url.username === '' && url.password === ''
}

export const mqttUrl = rule(
  z.string().refine((value) => isUrl(value, ['mqtt:', 'mqtts:']), 'is no address of a broker'),
  'mqtt://host:1883 or mqtts://host:8883, without credentials',
)

export const httpUrl = rule(
  z.string().refine((value) => isUrl(value, ['http:', 'https:']), 'is no HTTP address'),
  'http://host:port or https://host:port, without credentials',
)

export const peerUrl = rule(
  z
    .string()
    .refine((value) => value.includes('{slot}'), 'has no {slot}')
    .refine((value) => isUrl(value.replaceAll('{slot}', '0'), ['http:', 'https:']), 'is no HTTP address'),
  'http://host-{slot}:port/livez, without credentials',
)

export const hostAndPort = rule(
  z.string().refine((value) => /^(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):\d{1,5}$/.test(value), 'is no address of a broker'),
  'host:port',
)

/** A worker's ordinal: a number, or a pod name of a StatefulSet, whose last part is the number. */
export const slot = rule(
  z
    .union([whole(0, 99_999), z.string().regex(/^(?:.*-)?\d{1,5}$/)], { error: 'holds no ordinal' })
    .transform((value) => (typeof value === 'number' ? value : Number(value.slice(value.lastIndexOf('-') + 1)))),
  'a whole number from 0, or a name that ends with - and digits, such as bridge-ingest-3',
)
