const RESERVED_JOB_IDS: ReadonlySet<string> = new Set(['get', 'start-next', 'notify', 'notify-next'])
const ID = /^[A-Za-z0-9_-]{1,64}$/
const FORBIDDEN_IN_NAME = /[/+#\u0000-\u001f\u007f-\u009f]/

/** Length in characters as people count them: code points (fleets 2.4). */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function isName(text: string, most: number): boolean {
  // A code point takes at most two units, so longer texts need no counting.
  if (text === '' || text.length > 2 * most || text.startsWith('$')) return false
  return !FORBIDDEN_IN_NAME.test(text) && codePoints(text) <= most
}

export function isThingName(text: string): boolean {
  return isName(text, 255)
}

export function isEventType(text: string): boolean {
  return isName(text, 128)
}

export function isJobId(text: string): boolean {
  return ID.test(text) && !RESERVED_JOB_IDS.has(text)
}

export function isExecutionId(text: string): boolean {
  return ID.test(text)
}

/** Whether an answer can be given under this requestId: 1 to 64 bytes. */
export function isUsableRequestId(requestId: string | null): requestId is string {
  return requestId !== null && requestId !== '' && Buffer.byteLength(requestId) <= 64
}

export function isTimeoutMinutes(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 10_080
}
