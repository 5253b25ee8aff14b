import { compileKeepRules, type KeepSettings } from '../device/kept-payload.ts'
import type { HeaderMode } from '../records/headers.ts'

/** The settings that commands go by (attendance 15). */
export interface CommandSettings extends KeepSettings {
  readonly commands: {
    readonly strictOps: boolean
    readonly doorExpirySeconds: number
    readonly dedupSeconds: number
    readonly rememberSeconds: number
    readonly limits: {
      readonly payloadBytes: number
      readonly waitSeconds: number
      readonly waitingPerDevice: number
      readonly resultBytes: number
    }
  }
  readonly kafka: { readonly headers: HeaderMode }
}

/** The same, ready for use: durations in milliseconds. */
export interface CommandRules {
  readonly strictOps: boolean
  readonly doorExpiryMs: number
  readonly dedupMs: number
  readonly rememberMs: number
  readonly waitMs: number
  readonly waitingPerDevice: number
  /** Largest envelope. */
  readonly envelopeBytes: number
  readonly resultBytes: number
  /** Deepest JSON. */
  readonly depth: number
  /** Largest reply. */
  readonly replyBytes: number
  readonly headers: HeaderMode
  readonly bridgeVersion: string
  /** Whether a member of this name is cut out of results. */
  readonly isCut: (name: string) => boolean
}

export function compileCommands(settings: CommandSettings, bridgeVersion: string): CommandRules {
  const { commands, attendance, kafka } = settings
  return {
    strictOps: commands.strictOps,
    doorExpiryMs: commands.doorExpirySeconds * 1000,
    dedupMs: commands.dedupSeconds * 1000,
    rememberMs: commands.rememberSeconds * 1000,
    waitMs: commands.limits.waitSeconds * 1000,
    waitingPerDevice: commands.limits.waitingPerDevice,
    envelopeBytes: commands.limits.payloadBytes,
    resultBytes: commands.limits.resultBytes,
    depth: attendance.limits.depth,
    replyBytes: attendance.limits.payloadBytes,
    headers: kafka.headers,
    bridgeVersion,
    isCut: compileKeepRules(settings).isCut,
  }
}
