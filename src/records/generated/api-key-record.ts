// Made from schemas/ApiKeyRecord.avsc by scripts/records.ts. Do not edit.

export interface ApiPermission {
  /** HTTP method in capitals, or * */
  readonly method: string
  /** Compared with the start of the path as received */
  readonly pathPrefix: string
}

/** An API key of the HTTP interface, written by the operator. Tombstone: withdrawn. */
export interface ApiKeyRecord {
  /** Equals the key; the user part of Basic credentials; holds no colon */
  readonly apiKey: string
  /** At least 8 random bytes */
  readonly salt: Buffer
  /** SHA-256 over the salt followed by the secret in UTF-8 */
  readonly secretHash: Buffer
  /** One match allows the request */
  readonly permissions: readonly ApiPermission[]
  /** false: as if the key did not exist */
  readonly enabled: boolean
  /** For people */
  readonly description: string | null
}

/** The schema as registered. */
export const apiKeyRecordSchema =
  `{"type":"record","name":"ApiKeyRecord","namespace":"fleet.bridge.v1","doc":"An API key of the HTTP interface, written by the operator. Tombstone: withdrawn.","fields":[{"name":"apiKey","type":"string","doc":"Equals the key; the user part of Basic credentials; holds no colon"},{"name":"salt","type":"bytes","doc":"At least 8 random bytes"},{"name":"secretHash","type":"bytes","doc":"SHA-256 over the salt followed by the secret in UTF-8"},{"name":"permissions","type":{"type":"array","items":{"type":"record","name":"ApiPermission","fields":[{"name":"method","type":"string","doc":"HTTP method in capitals, or *"},{"name":"pathPrefix","type":"string","doc":"Compared with the start of the path as received"}]}},"default":[],"doc":"One match allows the request"},{"name":"enabled","type":"boolean","default":true,"doc":"false: as if the key did not exist"},{"name":"description","type":["null","string"],"default":null,"doc":"For people"}]}`
