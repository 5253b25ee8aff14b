import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { foreignPart } from '../../../scripts/ground/fetch/foreign-part.ts'
import { ensurePart } from '../../../scripts/ground/fetch/part.ts'
import { runCommand } from '../../../scripts/ground/fetch/run-command.ts'

/** Servers for the foreign client. `registryUrl` null: values stay raw. */
export interface ForeignServers {
  readonly brokers: readonly string[]
  readonly registryUrl: string | null
}

/** A record as Confluent's Python client sees it. Bytes that are no text or no Avro appear as `{ base64 }`. */
export interface ForeignRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly key: string | { readonly base64: string } | null
  readonly headers: readonly (readonly [string, string])[]
  /** Null when the value is not in the registry's wire format. */
  readonly schemaId: number | null
  /** Timestamps (logical types) as epoch milliseconds. Null for a tombstone. */
  readonly value: unknown
}

export interface ForeignOutput {
  readonly topic: string
  readonly partition?: number
  readonly key?: string
  readonly headers?: readonly (readonly [string, string])[]
  /** Raw bytes. */
  readonly base64?: string
  /** A value for `schema`, which is registered under `<topic>-value`. */
  readonly avro?: unknown
  readonly schema?: string
}

/** Everything in the topics, from the first record to the end at this moment. */
export async function foreignRead(
  servers: ForeignServers,
  topics: readonly string[],
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<ForeignRecord[]> {
  return lines<ForeignRecord>(await run('consume.py', { ...servers, topics, isolation }))
}

/** Produces with librdkafka, compressed by `codec`, and tells where each record went. */
export async function foreignProduce(
  servers: ForeignServers,
  codec: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd',
  records: readonly ForeignOutput[],
): Promise<{ topic: string; partition: number; offset: number }[]> {
  const input = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  return lines(await run('produce.py', { ...servers, codec }, input))
}

async function run(script: string, ask: unknown, input = ''): Promise<string> {
  const python = join(await ensurePart(foreignPart), 'venv/bin/python')
  const path = join(dirname(fileURLToPath(import.meta.url)), script)
  return runCommand(python, [path, JSON.stringify(ask)], { input })
}

function lines<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))
}
