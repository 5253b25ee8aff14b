import { Failure } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { type ChannelName, catalogue } from '../records/catalogue.ts'
import { codecOf } from '../records/codec.ts'
import type { SchemaName } from '../records/generated/schemas.ts'
import type { ChannelEncoding, Encodings } from './record-batch.ts'
import type { Registry, Subject } from './registry.ts'

/** The subject of a channel's values: `{topic}-value`. Null for channels without a schema. */
export function subjectOf(channel: ChannelName, topic: string): Subject | null {
  const { schema, compatibility } = catalogue[channel]
  if (schema === null) return null
  return { subject: `${topic}-value`, schema: registrable(codecOf(schema).schema), compatibility }
}

/** Apicurio 3.0 takes a schema with the default text "{}" for no Avro at all. Escaped it means the same to every parser. */
function registrable(schema: string): string {
  return schema.replaceAll('"{}"', '"\\u007b\\u007d"')
}

/**
 * Everything needed to encode the records of these channels: partition counts and schema ids.
 * Rejects with a `transient` Failure when the registry is away, with a `fatal` one when it has no such schema.
 */
export async function resolveEncodings(
  channels: readonly ChannelName[],
  topics: Readonly<Record<ChannelName, string>>,
  partitions: ReadonlyMap<string, number>,
  registry: Registry,
  mode: 'check' | 'register',
  emit: Emit,
): Promise<Encodings> {
  const encodings = new Map<ChannelName, ChannelEncoding>()
  // One after the other: a registry that is told the same schema for two subjects at once may answer 409 to one.
  for (const channel of channels) {
    const topic = topics[channel]
    const count = partitions.get(topic)
    if (count === undefined) throw new Failure('transient', 'unknown_topic', topic)
    const subject = subjectOf(channel, topic)
    const { schema } = catalogue[channel]
    const avro = subject === null || schema === null ? null : await avroOf(schema, subject, registry, mode, emit)
    encodings.set(channel, { topic, partitions: count, avro })
  }
  return encodings
}

async function avroOf(
  schema: SchemaName,
  subject: Subject,
  registry: Registry,
  mode: 'check' | 'register',
  emit: Emit,
): Promise<ChannelEncoding['avro']> {
  const codec = codecOf(schema)
  const schemaId = await idOf(subject, registry, mode, emit)
  return {
    schemaId,
    encodeInto: (buffer, at, value) => codec.encodeInto(buffer, at, value as never),
    decode: (bytes) => codec.decode(bytes),
  }
}

async function idOf(subject: Subject, registry: Registry, mode: 'check' | 'register', emit: Emit): Promise<number> {
  try {
    return mode === 'register' ? await registry.register(subject) : await registry.lookUp(subject)
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'fatal') throw error
    emit({ event: 'registry_schema_refused', subject: subject.subject, result: error.code })
    const next =
      error.code === 'missing' ? 'register it with: bridge schemas register' : 'compare with: bridge schemas check'
    throw new Failure('fatal', error.code, `schema of subject ${subject.subject} is ${error.code}; ${next}`, {
      cause: error,
    })
  }
}
