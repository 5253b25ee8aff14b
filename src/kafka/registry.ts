import { Agent } from 'node:https'
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { Clock } from '../kernel/clock.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'
import { type RegistryOptions, readRegistryAccess } from './registry-access.ts'
import { askRegistry } from './registry-door.ts'

export interface Subject {
  readonly subject: string
  /** The schema as JSON text. */
  readonly schema: string
  readonly compatibility: 'FULL_TRANSITIVE' | 'BACKWARD_TRANSITIVE'
}

/**
 * The schema registry (Confluent API). Ids are asked for once and kept: a registry that dies later stops nothing that
 * has started. One request is in flight for each question; every one has a deadline of ours, because the client has none.
 *
 * All calls reject with a Failure: `transient` when the registry does not answer, `fatal` when it answers no.
 */
export class Registry {
  readonly #options: RegistryOptions
  readonly #clock: Clock
  readonly #emit: Emit
  readonly #asked = new Map<string, Promise<unknown>>()
  #failedSince: number | null = null

  constructor(options: RegistryOptions, clock: Clock, emit: Emit) {
    this.#options = options
    this.#clock = clock
    this.#emit = emit
  }

  /** Id of this very schema under this subject. Rejects with `missing` when it is not registered there. */
  async lookUp({ subject, schema }: Subject): Promise<number> {
    return this.#once(`id ${subject}`, 'found', (client) =>
      client.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema }),
    )
  }

  /** Sets the subject's compatibility, and registers the schema if it is new. Returns its id. */
  async register({ subject, schema, compatibility }: Subject): Promise<number> {
    return this.#once(`register ${subject}`, 'registered', async (client) => {
      await setCompatibility(client, subject, compatibility)
      const registered = await client.register(
        { type: SchemaType.AVRO, schema },
        { subject, compatibility: COMPATIBILITY[compatibility] },
      )
      return registered.id
    })
  }

  /** The schema with this id, as JSON text. For records of others. */
  async schemaOf(id: number): Promise<string> {
    return this.#once(`schema ${id}`, 'found', async (client) => {
      const schema: unknown = await client.getSchema(id).catch(async (error: unknown) => {
        const isSenseless = error instanceof Error && error.name === 'ConfluentSchemaRegistryArgumentError'
        if (!isSenseless || !(await this.#hasSchema(id))) throw error
        throw new Failure('fatal', 'incompatible', `schema ${id}: ${messageOf(error)}`, { cause: error })
      })
      const avro = schema as { schema?: (options: { exportAttrs: boolean }) => unknown }
      if (typeof avro.schema !== 'function') throw new Failure('fatal', 'incompatible', `schema ${id} is not Avro`)
      return JSON.stringify(avro.schema({ exportAttrs: true }))
    })
  }

  /** Whether the client makes nothing of a schema that is there, and not of an answer of somebody else, such as a proxy. */
  async #hasSchema(id: number): Promise<boolean> {
    const { status, body } = await askRegistry(this.#options, `/schemas/ids/${id}`, null, this.#options.timeoutMs)
    return status === 200 && typeof body === 'object' && body !== null && 'schema' in body
  }

  async #once<T>(question: string, result: string, ask: (client: SchemaRegistry) => Promise<T>): Promise<T> {
    const known = this.#asked.get(question)
    if (known !== undefined) return known as Promise<T>
    const answer = this.#ask(question, result, ask)
    this.#asked.set(question, answer)
    try {
      return await answer
    } catch (error) {
      this.#asked.delete(question)
      throw error
    }
  }

  async #ask<T>(question: string, result: string, ask: (client: SchemaRegistry) => Promise<T>): Promise<T> {
    const began = this.#clock.now()
    try {
      const answer = await withDeadline(this.#client().then(ask), this.#options.timeoutMs, 'the schema registry')
      this.#emit({ event: 'registry_lookup', result, durationMs: this.#clock.now() - began })
      if (this.#failedSince !== null) {
        this.#emit({ event: 'registry_recovered', afterMs: this.#clock.now() - this.#failedSince })
        this.#failedSince = null
      }
      return answer
    } catch (error) {
      const failure = registryFailure(question, error)
      const [kind, durationMs] = [failure.kind, this.#clock.now() - began]
      this.#emit({ event: 'registry_lookup', result: kind === 'fatal' ? failure.code : 'failed', durationMs })
      if (kind === 'transient') {
        this.#failedSince ??= began
        this.#emit({ event: 'registry_failed', code: failure.code, error: failure.message })
      }
      throw failure
    }
  }

  /** A client of its own for each question: files may have changed, and the client's cache would only hide ours. */
  async #client(): Promise<SchemaRegistry> {
    const { auth, tls } = await readRegistryAccess(this.#options)
    return new SchemaRegistry({
      host: this.#options.url.replace(/\/+$/, ''),
      clientId: 'emqx-kafka-bridge',
      // Repeating is ours, with back-off and for ever.
      retry: { retries: 0 },
      ...(auth === null ? {} : { auth }),
      ...(tls === null ? {} : { agent: new Agent(tls) }),
    })
  }
}

/**
 * The client registers first and sets the compatibility after that: whoever is stopped in between leaves a subject
 * that checks nothing, and that the client then refuses. So it is set first, through the part of the client that
 * knows how (`test/system/registry.test.ts` holds it).
 */
async function setCompatibility(client: SchemaRegistry, subject: string, compatibility: string): Promise<void> {
  const { api } = client as unknown as {
    readonly api: { readonly Subject: { updateConfig(request: object): Promise<unknown> } }
  }
  const set = async (): Promise<unknown> => api.Subject.updateConfig({ subject, body: { compatibility } })
  try {
    await set()
  } catch (error) {
    // Another worker that starts has set it at the same moment (Apicurio): now it is there, and can be set again.
    if (statusOf(error) !== 409) throw error
    await set()
  }
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
}

function registryFailure(question: string, error: unknown): Failure {
  if (error instanceof Failure) return error
  const status = statusOf(error)
  const text = `${question}: ${messageOf(error)}`
  // The client turns a 404 of a look-up into an error of its own, without the status.
  const isMissing = status === 404 || (error instanceof Error && error.name === 'ConfluentSchemaRegistryError')
  if (isMissing) return new Failure('fatal', 'missing', text, { cause: error })
  if (status === 409 || status === 422) return new Failure('fatal', 'incompatible', text, { cause: error })
  if (error instanceof Error && error.name === 'ConfluentSchemaRegistryCompatibilityError') {
    return new Failure('fatal', 'incompatible', text, { cause: error })
  }
  return new Failure('transient', status === 401 || status === 403 ? 'not_authorized' : 'connection', text, {
    cause: error,
  })
}
