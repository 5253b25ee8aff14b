import { isMap, type JsonMap } from '../../fleet/json/json.ts'
import { readJson } from '../../fleet/json/read.ts'
import { JsonFault } from '../../json/json-value.ts'
import { readJson as findFault } from '../../json/read-json.ts'
import type { CommandIo } from '../command.ts'
import { readTextArgument } from '../text-argument.ts'
import { UsageError } from '../usage-error.ts'

/** Deeper ones are told without the place. */
const placeDepth = 1000

/** A JSON object as given, and as read. */
export interface JsonArgument {
  readonly text: string
  readonly value: JsonMap
}

/**
 * A JSON object from the command line, or with `@FILE` from a file, read as the bridge reads it. Throws UsageError that
 * names the place of a fault, never a value.
 */
export function readJsonArgument(given: string, option: string, io: CommandIo): JsonArgument {
  const text = readTextArgument(given, option, io).trim()
  const value = readJson(text)
  const from = given.startsWith('@') ? `${option}: ${given.slice(1)}` : option
  if (value === undefined) throw new UsageError(`${from} ${faultOf(text)}`)
  if (!isMap(value)) throw new UsageError(`${from} is JSON but no object; write {"name": value, …}`)
  return { text, value }
}

function faultOf(text: string): string {
  if (text === '') return 'is empty; write {} for an object without members'
  const fault = findFault(text, placeDepth)
  if (!(fault instanceof JsonFault) || fault.code !== 'JSON_INVALID') return 'holds a number that no computer can keep'
  const lines = text.slice(0, fault.offset).split('\n')
  const place = `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
  const end = fault.offset >= text.length ? ': it ends too early' : ''
  return `is no JSON at ${place}${end}; names and texts stand in double quotes, nothing after the last member`
}
