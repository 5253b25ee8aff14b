import type { ApiKeyRecord } from '../records/generated/api-key-record.ts'
import type { ThingRecord } from '../records/generated/thing-record.ts'
import { isThingName } from './names.ts'

const SALT_BYTES = 8

/** The things and API keys as the operator wrote them. Every instance reads all of them (fleets 8). */
export class FleetRegistry {
  readonly #open: boolean
  /** In the order registered. */
  readonly #things = new Map<string, ThingRecord>()
  readonly #places = new Map<string, number>()
  readonly #byClient = new Map<string, Set<string>>()
  readonly #apiKeys = new Map<string, ApiKeyRecord>()
  #registrations = 0

  constructor(settings: { readonly registryMode: 'strict' | 'open' }) {
    this.#open = settings.registryMode === 'open'
  }

  /** Whether a thing of this name is served: valid, and in strict mode registered (fleets 2.5). */
  isServed(thingName: string): boolean {
    return this.#open ? isThingName(thingName) : this.#things.has(thingName)
  }

  /** How many things are registered. */
  get size(): number {
    return this.#things.size
  }

  clientIdOf(thingName: string): string | null {
    return this.#things.get(thingName)?.mqttClientId ?? null
  }

  /** The things that connect under a client id, in the order registered. */
  thingsOf(clientId: string): readonly string[] {
    const names = [...(this.#byClient.get(clientId) ?? [])]
    const place = (name: string): number => this.#places.get(name) ?? 0
    return names.sort((one, other) => place(one) - place(other))
  }

  apiKey(name: string): ApiKeyRecord | null {
    return this.#apiKeys.get(name) ?? null
  }

  register(record: ThingRecord): void {
    const { thingName, mqttClientId } = record
    this.#leaveClient(thingName)
    if (!this.#things.has(thingName)) {
      this.#registrations += 1
      this.#places.set(thingName, this.#registrations)
    }
    this.#things.set(thingName, record)
    const names = this.#byClient.get(mqttClientId)
    if (names === undefined) this.#byClient.set(mqttClientId, new Set([thingName]))
    else names.add(thingName)
  }

  unregister(thingName: string): void {
    this.#leaveClient(thingName)
    this.#things.delete(thingName)
    this.#places.delete(thingName)
  }

  setApiKey(name: string, record: ApiKeyRecord | null): void {
    if (record === null) this.#apiKeys.delete(name)
    else this.#apiKeys.set(name, record)
  }

  #leaveClient(thingName: string): void {
    const clientId = this.clientIdOf(thingName)
    if (clientId === null) return
    const names = this.#byClient.get(clientId)
    names?.delete(thingName)
    if (names?.size === 0) this.#byClient.delete(clientId)
  }
}

/** Why a record of the thing registry has no effect, or null. `record` is null for a tombstone (fleets 8). */
export function thingRecordFault(key: string | null, record: ThingRecord | null): string | null {
  if (key === null || !isThingName(key)) return "the record's key is no thing name"
  if (record === null) return null
  if (record.thingName !== key) return 'thingName is not the key of the record'
  return record.mqttClientId === '' ? 'mqttClientId is empty' : null
}

/** Why a record of the API key registry has no effect, or null. */
export function apiKeyFault(key: string | null, record: ApiKeyRecord | null): string | null {
  if (key === null) return 'the record has no key'
  if (record === null) return null
  // Its tombstone would not withdraw it.
  if (record.apiKey !== key) return 'apiKey is not the key of the record'
  return record.salt.length < SALT_BYTES ? `salt has less than ${SALT_BYTES} bytes` : null
}
