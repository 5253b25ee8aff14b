import { readJsonCommand } from '../../commands/command-request.ts'
import { JsonObject } from '../../json/json-value.ts'
import { readJson } from '../../json/read-json.ts'
import type { CommandRequest } from '../../records/generated/command-request.ts'
import { type Draft, type DraftContext, isFault, requestOf } from './draft.ts'

/** What the command line says for every line that says nothing itself. */
export type DraftDefaults = Pick<Draft, 'ifOffline' | 'expiresAt' | 'sensitive' | 'correlationId'>

interface LineFault {
  /** Counted from 1. */
  readonly line: number
  readonly problem: string
}

export interface ReadFile {
  readonly requests: readonly CommandRequest[]
  readonly faults: readonly LineFault[]
}

const members = [
  'deviceSn',
  'op',
  'commandId',
  'data',
  'sensitive',
  'ifOffline',
  'expiresAt',
  'correlationId',
  'requestedAt',
  'requestedBy',
]

/** Reads commands, one JSON object a line, with members as in the record. Blank lines are passed over. */
export function readCommandFile(text: string, defaults: DraftDefaults, context: DraftContext): ReadFile {
  const requests: CommandRequest[] = []
  const faults: LineFault[] = []
  // The bridge takes the second one for a repetition of the first, and does nothing.
  const lines = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const read = readLine(line, defaults, context)
    if (typeof read === 'string') {
      faults.push({ line: index + 1, problem: read })
      continue
    }
    const identity = `${read.deviceSn} ${read.commandId}`
    const earlier = lines.get(identity)
    if (earlier === undefined) {
      lines.set(identity, index + 1)
      requests.push(read)
    } else faults.push({ line: index + 1, problem: `commandId: is that of line ${earlier}, for the same device` })
  }
  return { requests, faults }
}

/** The record of a line, or what is wrong with it. */
function readLine(line: string, defaults: DraftDefaults, context: DraftContext): CommandRequest | string {
  const { depth } = context.rules
  const object = readJson(line, depth)
  if (!(object instanceof JsonObject)) return 'is no JSON object'
  const stranger = object.names.find((name) => !members.includes(name))
  // The worker would pass over it; a person who misspelt a member wants to know.
  if (stranger !== undefined) return `${JSON.stringify(stranger)} is no member; there are ${members.join(', ')}`
  const reading = readJsonCommand(Buffer.from(line, 'utf8'), depth)
  if (reading.kind !== 'request') return 'has a member of the wrong type, or one twice with different values'
  const { request } = reading
  const ifOffline = object.present('ifOffline')
  if (ifOffline !== undefined && ifOffline !== 'WAIT' && ifOffline !== 'FAIL') return 'ifOffline: must be WAIT or FAIL'
  const draft: Draft = {
    deviceSn: request.deviceSn,
    op: request.op,
    commandId: request.commandId === '' ? null : request.commandId,
    data: request.data,
    ifOffline: ifOffline === undefined ? defaults.ifOffline : request.ifOffline,
    expiresAt: request.expiresAt ?? defaults.expiresAt,
    sensitive: request.sensitive || defaults.sensitive,
    correlationId: request.correlationId ?? defaults.correlationId,
  }
  const result = requestOf(draft, { ...context, requestedBy: request.requestedBy ?? context.requestedBy })
  return isFault(result) ? `${result.field}: ${result.problem}` : result
}
