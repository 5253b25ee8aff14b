import { type DeadLetterRules, refuseMessage } from '../device/device-dead-letter.ts'
import { JsonObject, type JsonValue } from '../json/json-value.ts'
import type { Outcome } from '../records/bridge-record.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import { readQuotedStatus } from './plain-status.ts'
import { presenceRecord } from './presence-record.ts'
import type { PresenceRules } from './presence-rules.ts'
import { plainReport, type ReportPlace, readPresence } from './read-presence.ts'

/** The outcome of a payload on `st` that is one bare word for online or offline. */
export function decidePlainPresence(
  online: boolean,
  message: MqttMessage,
  place: ReportPlace,
  rules: PresenceRules,
): Outcome {
  return { kind: 'produced', record: presenceRecord(plainReport(online, place), message, rules.headers) }
}

/** The outcome of JSON on `st` that is no command reply and repeats no member with another value. */
export function decidePresence(
  value: JsonValue,
  message: MqttMessage,
  place: ReportPlace,
  rules: PresenceRules,
  deadLetters: DeadLetterRules,
): Outcome {
  const quoted = typeof value === 'string' ? readQuotedStatus(value) : null
  if (quoted !== null) return decidePlainPresence(quoted, message, place, rules)
  if (!(value instanceof JsonObject)) {
    return refuseMessage(message, place.deviceSn, { code: 'JSON_NOT_OBJECT', detail: null }, deadLetters)
  }
  const report = readPresence(value, place, rules)
  return 'code' in report
    ? refuseMessage(message, place.deviceSn, report, deadLetters)
    : { kind: 'produced', record: presenceRecord(report, message, rules.headers) }
}
