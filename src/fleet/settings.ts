/** Settings under `fleet` (fleets 11). The config room makes objects of this shape. */
export interface FleetSettings {
  readonly registryMode: 'strict' | 'open'
  readonly maxMessageBytes: number
  readonly clientTokenMaxBytes: number
  readonly shadow: {
    readonly replies: boolean
    readonly delta: 'changed' | 'always'
    readonly desiredPublication: 'whole' | 'patch'
    readonly getOverMqtt: boolean
    readonly maxBytes: number
    readonly maxDepth: number
  }
  readonly events: { readonly checkTime: boolean }
  readonly commands: {
    readonly lateResponse: 'record' | 'override'
    readonly maxParamsBytes: number
    readonly defaultTtlSeconds: number
    readonly maxTtlSeconds: number
    readonly rememberHours: number
  }
  readonly jobs: {
    readonly firstVersion: number
    readonly repeatedTerminal: 'accept' | 'refuse'
    readonly maxDocumentBytes: number
    readonly maxStatusDetailsBytes: number
  }
  readonly presence: { readonly filters: readonly string[] }
}
