import { type CommandReading, formOf, readJsonCommand } from '../commands/command-request.ts'
import type { Settings } from '../config/settings.ts'
import type { CommandReader } from '../engine/command-ports.ts'
import { AvroReader } from '../kafka/avro-reader.ts'
import type { Registry } from '../kafka/registry.ts'
import { Failure } from '../kernel/failure.ts'
import { codecOf } from '../records/codec.ts'
import type { CommandRequest } from '../records/generated/command-request.ts'
import type { RoleDeps } from './role.ts'
import { readAvro } from './things-table.ts'

/** Reads what the command worker consumes. A registry that does not answer is waited for; it is no reason to refuse. */
export function commandReader(
  settings: Settings,
  registry: Registry,
  deps: RoleDeps,
  signal: AbortSignal,
): CommandReader {
  const requests = new AvroReader(codecOf('CommandRequest'), registry)
  const statuses = new AvroReader(codecOf('CommandStatus'), registry)
  const reports = new AvroReader(codecOf('PresenceEvent'), registry)
  const { depth } = settings.attendance.limits

  /** Null when it can never be read. */
  function read<T>(reader: AvroReader<T>, value: Uint8Array): T | null | Promise<T | null> {
    try {
      const known = reader.readAtOnce(value)
      return known ?? readAvro(reader, value, settings, deps, signal).then((asked) => asked ?? null)
    } catch (error) {
      if (error instanceof Failure && error.kind === 'malformed') return null
      throw error
    }
  }

  return {
    request: ({ value }) => {
      const form = formOf(value)
      if (form === 'tombstone' || value === null) return { kind: 'tombstone' }
      if (form === 'json') return readJsonCommand(value, depth)
      if (form === 'unreadable') return { kind: 'unreadable' }
      const request = read(requests, value)
      return request instanceof Promise ? request.then(readingOf) : readingOf(request)
    },
    status: ({ value }) => (value === null ? null : read(statuses, value)),
    presence: ({ value }) => (value === null ? null : read(reports, value)),
  }
}

function readingOf(request: CommandRequest | null): CommandReading {
  return request === null ? { kind: 'unreadable' } : { kind: 'request', request }
}
