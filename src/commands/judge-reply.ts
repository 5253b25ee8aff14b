import { isCommandReply } from '../device/command-reply.ts'
import { decodePayload, PayloadText } from '../device/payload-text.ts'
import { cutCharacters, rawText, replaceLoneSurrogates } from '../device/text-rules.ts'
import { conflictOf, JsonArray, JsonFault, JsonNumber, JsonObject, type JsonValue } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import { cutMembers, writeJson } from '../json/write-json.ts'
import type { CommandRules } from './command-rules.ts'

/** What a device said about a command (attendance 11.6). */
export interface Verdict {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'DELIVERED'
  readonly deviceCode: string | null
  /** Null in the statuses of a sensitive command, whatever stands here. */
  readonly message: string | null
  readonly result: string | null
}

const SUCCESS: ReadonlySet<string> = new Set(['ok', 'done', 'success', 'succeeded', 'true', '0'])
const AT_WORK: ReadonlySet<string> = new Set(['accepted', 'received', 'queued', 'pending', 'running', 'inprogress'])

const MESSAGE_CHARACTERS = 200

/** The reply in the bytes that ingest handed on; null when there is none (somebody else wrote to the topic). */
export function readReply(payload: Uint8Array, rules: CommandRules): JsonObject | null {
  const decoded = decodePayload(payload, rules.replyBytes)
  if (!(decoded instanceof PayloadText)) return null
  const value = readJson(decoded.text, rules.depth)
  if (value instanceof JsonFault || conflictOf(value) >= 0) return null
  return isCommandReply(value) ? value : null
}

/** The id of the command that the reply is about. */
export function commandIdOf(reply: JsonObject): string {
  const id = reply.get('id')
  return typeof id === 'string' ? id : id instanceof JsonNumber ? id.source : ''
}

export function judgeReply(reply: JsonObject, rules: CommandRules): Verdict {
  const status = verdictOf(reply)
  const message = reply.present('message')
  return {
    status,
    deviceCode: deviceCodeOf(reply, status),
    message: typeof message === 'string' ? operatorText(message) : null,
    result: resultOf(reply, rules),
  }
}

/** The deciding member: `status`, else `code`, else `result`. */
function decidingValue(reply: JsonObject): JsonValue | undefined {
  return reply.present('status') ?? reply.present('code') ?? reply.present('result')
}

function verdictOf(reply: JsonObject): Verdict['status'] {
  const status = reply.present('status')
  const deciding = decidingValue(reply)
  if (typeof deciding === 'string') {
    if (SUCCESS.has(deciding.trim().toLowerCase())) return 'SUCCEEDED'
    return status !== undefined && AT_WORK.has(foldStatus(deciding)) ? 'DELIVERED' : 'FAILED'
  }
  if (deciding === true) return 'SUCCEEDED'
  if (deciding instanceof JsonNumber) return deciding.source === '0' ? 'SUCCEEDED' : 'FAILED'
  const byResult = status === undefined && reply.present('code') === undefined
  return byResult && isContainer(deciding) ? 'SUCCEEDED' : 'FAILED'
}

/** Trimmed, in lower case as far as it is ASCII, without spaces, `-` and `_`. */
function foldStatus(text: string): string {
  return text
    .trim()
    .replaceAll(/[ _-]/g, '')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function deviceCodeOf(reply: JsonObject, status: Verdict['status']): string | null {
  const code = reply.present('code')
  if (code !== undefined && !isContainer(code)) return rawText(code)
  return status === 'FAILED' ? rawText(decidingValue(reply)) : null
}

function operatorText(message: string): string {
  const clean = replaceLoneSurrogates(message).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  return cutCharacters(clean, MESSAGE_CHARACTERS)
}

function resultOf(reply: JsonObject, rules: CommandRules): string | null {
  const result = [reply.present('data'), reply.present('result')].find(isContainer)
  if (result === undefined) return null
  const text = writeJson(cutMembers(result, rules.isCut))
  return Buffer.byteLength(text) > rules.resultBytes ? null : text
}

function isContainer(value: JsonValue | undefined): value is JsonObject | JsonArray {
  return value instanceof JsonObject || value instanceof JsonArray
}
