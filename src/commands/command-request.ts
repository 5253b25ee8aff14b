import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { asBuffer } from '../device/payload-text.ts'
import { replaceLoneSurrogates } from '../device/text-rules.ts'
import { conflictOf, JsonFault, JsonNumber, JsonObject } from '../json/json-value.ts'
import { readJson } from '../json/read-json.ts'
import { writeJson } from '../json/write-json.ts'
import type { CommandRequest } from '../records/generated/command-request.ts'
import type { KafkaMessage } from '../records/kafka-message.ts'

/** How a value on the command topic is to be read, by its first byte (attendance 11.1). */
export type CommandForm = 'tombstone' | 'avro' | 'json' | 'unreadable'

/** What a value on the command topic turned out to be. */
export type CommandReading =
  | {
      readonly kind: 'request'
      readonly request: CommandRequest
      /** What `request.data` says, where it was read with the rest and `request.data` is its compact text. */
      readonly data?: JsonObject
    }
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'unreadable' }

const UNREADABLE: CommandReading = { kind: 'unreadable' }

export function formOf(value: Uint8Array | null): CommandForm {
  if (value === null) return 'tombstone'
  if (value[0] === 0) return 'avro'
  return value[0] === 0x7b ? 'json' : 'unreadable'
}

/**
 * Reads a command that an operator wrote as JSON text (attendance 11.1). Members of the wrong type make it
 * unreadable, `data` excepted: what stands there is judged later, as text.
 */
export function readJsonCommand(bytes: Uint8Array, depth: number): CommandReading {
  const buffer = asBuffer(bytes)
  if (!isUtf8(buffer)) return UNREADABLE
  const value = readJson(buffer.toString('utf8'), depth)
  if (value instanceof JsonFault || !(value instanceof JsonObject) || conflictOf(value) >= 0) return UNREADABLE
  const commandId = textMember(value, 'commandId')
  const deviceSn = textMember(value, 'deviceSn')
  const op = textMember(value, 'op')
  const ifOffline = textMember(value, 'ifOffline')
  const requestedBy = textMember(value, 'requestedBy')
  const correlationId = textMember(value, 'correlationId')
  const sensitive = value.present('sensitive') ?? false
  const requestedAt = timeMember(value, 'requestedAt')
  const expiresAt = timeMember(value, 'expiresAt')
  if (
    commandId === undefined ||
    deviceSn === undefined ||
    op === undefined ||
    ifOffline === undefined ||
    requestedBy === undefined ||
    correlationId === undefined ||
    typeof sensitive !== 'boolean' ||
    requestedAt === undefined ||
    expiresAt === undefined
  ) {
    return UNREADABLE
  }
  const request: CommandRequest = {
    commandId: commandId ?? '',
    deviceSn: deviceSn ?? '',
    op: op ?? '',
    data: dataMember(value),
    sensitive,
    ifOffline: ifOffline === 'WAIT' ? 'WAIT' : 'FAIL',
    requestedAt: requestedAt ?? 0,
    requestedBy,
    expiresAt,
    correlationId,
  }
  const data = value.present('data')
  return data instanceof JsonObject ? { kind: 'request', request, data } : { kind: 'request', request }
}

/** A text member; null when absent, undefined when it is of another type. */
function textMember(object: JsonObject, name: string): string | null | undefined {
  const value = object.present(name)
  if (value === undefined) return null
  return typeof value === 'string' ? replaceLoneSurrogates(value) : undefined
}

/** Milliseconds as digits with an optional minus, within 64 bits; null when absent, undefined when it is not that. */
function timeMember(object: JsonObject, name: string): number | null | undefined {
  const value = object.present(name)
  if (value === undefined) return null
  if (!(value instanceof JsonNumber) || !/^-?\d+$/.test(value.source)) return undefined
  const digits = value.source
  // BigInt of a text of any length would be quadratic work; 64 bits have at most 19 digits.
  if (digits.length > 20 || BigInt.asIntN(64, BigInt(digits)) !== BigInt(digits)) return undefined
  return Number(digits)
}

function dataMember(object: JsonObject): string | null {
  const value = object.present('data')
  if (value === undefined) return null
  return typeof value === 'string' ? replaceLoneSurrogates(value) : writeJson(value)
}

/** The record's key as text; empty when there is none. */
export function keyText(message: KafkaMessage): string {
  return message.key === null ? '' : asBuffer(message.key).toString('utf8')
}

/** The request with the record's key and a made id in the place of empty members (attendance 11.1). */
export function completeRequest(request: CommandRequest, message: KafkaMessage): CommandRequest {
  if (request.deviceSn !== '' && request.commandId !== '') return request
  return {
    ...request,
    deviceSn: request.deviceSn === '' ? keyText(message) : request.deviceSn,
    commandId: request.commandId === '' ? madeId(message) : request.commandId,
  }
}

/** From the record's place, so that a redelivery after a crash repeats it. */
function madeId(message: KafkaMessage): string {
  const place = `${message.topic}/${message.partition}/${message.offset}`
  return createHash('sha256').update(place, 'utf8').digest('hex').slice(0, 16)
}
