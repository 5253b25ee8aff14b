import type { ApiKeyRecord } from '../records/generated/api-key-record.ts'
import type { ThingRecord } from '../records/generated/thing-record.ts'
import { isThingName } from './names.ts'

const SALT_BYTES = 8

/** What every instance knows of each thing: there may be a million, so only what is asked for is kept. */
interface Registered {
  clientId: string
  /** Its place in the order of registrations. */
  readonly place: number
}

/** The things and API keys as the operator wrote them. Every instance reads all of them (fleets 8). */
export class FleetRegistry {
  readonly #open: boolean
  readonly #things = new Map<string, Registered>()
  /** Names by client id; a single name, which nearly all have, without a list. */
  readonly #byClient = new Map<string, string | Set<string>>()
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
    return this.#things.get(thingName)?.clientId ?? null
  }

  /** The things that connect under a client id, in the order registered. */
  thingsOf(clientId: string): readonly string[] {
    const names = this.#byClient.get(clientId)
    if (names === undefined) return []
    if (typeof names === 'string') return [names]
    const place = (name: string): number => this.#things.get(name)?.place ?? 0
    return [...names].sort((one, other) => place(one) - place(other))
  }

  apiKey(name: string): ApiKeyRecord | null {
    return this.#apiKeys.get(name) ?? null
  }

  register({ thingName, mqttClientId }: ThingRecord): void {
    const known = this.#things.get(thingName)
    if (known?.clientId === mqttClientId) return
    // One text in memory where it is the same.
    const clientId = mqttClientId === thingName ? thingName : mqttClientId
    if (known === undefined) {
      this.#registrations += 1
      this.#things.set(thingName, { clientId, place: this.#registrations })
    } else {
      this.#leaveClient(thingName, known.clientId)
      known.clientId = clientId
    }
    this.#joinClient(thingName, clientId)
  }

  unregister(thingName: string): void {
    const known = this.#things.get(thingName)
    if (known === undefined) return
    this.#leaveClient(thingName, known.clientId)
    this.#things.delete(thingName)
  }

  setApiKey(name: string, record: ApiKeyRecord | null): void {
    if (record === null) this.#apiKeys.delete(name)
    else this.#apiKeys.set(name, record)
  }

  #joinClient(thingName: string, clientId: string): void {
    const names = this.#byClient.get(clientId)
    if (names === undefined) this.#byClient.set(clientId, thingName)
    else if (typeof names === 'string') this.#byClient.set(clientId, new Set([names, thingName]))
    else names.add(thingName)
  }

  #leaveClient(thingName: string, clientId: string): void {
    const names = this.#byClient.get(clientId)
    if (typeof names === 'string' || names?.size === 1) this.#byClient.delete(clientId)
    else names?.delete(thingName)
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
