import { uuid5 } from './uuid5.ts'

/** What JSON.stringify would escape: controls, quote, backslash, and surrogates (of which it escapes lone ones). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/

/** JSON text of a string, the same as JSON.stringify, faster for plain ones. */
export function jsonText(value: string): string {
  return NEEDS_ESCAPE.test(value) ? JSON.stringify(value) : `"${value}"`
}

/**
 * eventId of an AttendanceEvent (attendance.md 7).
 * @param timeKey `U:` and epoch milliseconds, or `L:` and the device's local time
 */
export function attendanceEventId(deviceSn: string, userId: string, timeKey: string, stateRaw: string | null): string {
  return uuid5(
    `["att",1,${jsonText(deviceSn)},${jsonText(userId)},${jsonText(timeKey)},${stateRaw === null ? '""' : jsonText(stateRaw)}]`,
  )
}

/** eventId of a CommandStatus (attendance.md 7). Values as they stand in the record. */
export function commandStatusId(commandId: string, deviceSn: string, status: string, attempt: number): string {
  return uuid5(`["cmd",1,${jsonText(commandId)},${jsonText(deviceSn)},${jsonText(status)},${attempt}]`)
}

/** eventId of a DeadLetter (attendance.md 7). `mqttTopic` and the digest as they stand in the record. */
export function deadLetterId(
  mqttTopic: string,
  payloadSha256: string,
  ingestTime: number,
  batchIndex: number | null,
): string {
  return uuid5(`["dlq",1,${jsonText(mqttTopic)},${jsonText(payloadSha256)},${ingestTime},${batchIndex}]`)
}
