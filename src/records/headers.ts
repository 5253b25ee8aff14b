const W3C = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** `kafka.headers`: only the trace, or the binary CloudEvents headers too. */
export type HeaderMode = 'trace' | 'cloudevents'

type CloudEventType =
  | 'cams.attendance.punch.v1'
  | 'cams.presence.report.v1'
  | 'cams.command.status.v1'
  | 'cams.deadletter.v1'

export interface HeaderFacts {
  readonly type: CloudEventType
  readonly eventId: string
  /** Null when unknown or no valid serial. */
  readonly deviceSn: string | null
  /** What the record speaks of, epoch milliseconds: eventTime, statusTime or ingestTime. */
  readonly time: number
  /** When the bridge saw it, epoch milliseconds: ingestTime; of statuses statusTime. */
  readonly recordedTime: number
  /** `mqttTopic` as in a dead letter; null when the record was not made from an MQTT message. */
  readonly mqttTopic: string | null
  /** As received; left out when it has not the W3C form. */
  readonly traceparent: string | null
}

/** The value when it is a traceparent in W3C form, else null. */
export function validTraceparent(value: string | null | undefined): string | null {
  return value !== null && value !== undefined && W3C.test(value) ? value : null
}

/** Headers of a record (attendance.md 13), or null when it has none, which is the usual case. */
export function recordHeaders(mode: HeaderMode, facts: HeaderFacts): Readonly<Record<string, string>> | null {
  const traceparent = validTraceparent(facts.traceparent)
  if (mode === 'trace') return traceparent === null ? null : { traceparent }
  return {
    ce_specversion: '1.0',
    ce_id: facts.eventId,
    ce_type: facts.type,
    ce_source: facts.deviceSn === null ? '/cams/mqtt' : `/cams/mqtt/${facts.deviceSn}`,
    ...(facts.deviceSn === null ? {} : { ce_subject: facts.deviceSn }),
    ce_time: isoTime(facts.time),
    ce_recordedtime: isoTime(facts.recordedTime),
    'content-type': 'application/avro',
    ...(facts.mqttTopic === null ? {} : { mqtt_topic: facts.mqttTopic }),
    ...(traceparent === null ? {} : { traceparent }),
  }
}

const LAST_DATE = 8.64e15

/** ISO 8601 in UTC with milliseconds. A time that no date can hold, as only a foreign record has, is drawn in. */
function isoTime(time: number): string {
  return new Date(Math.max(-LAST_DATE, Math.min(LAST_DATE, time))).toISOString()
}
