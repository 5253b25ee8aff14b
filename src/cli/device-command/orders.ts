import type { CommandIo } from '../command.ts'
import { readDuration, readTimeout } from '../duration.ts'
import { readTextArgument, readTextFile } from '../text-argument.ts'
import { UsageError } from '../usage-error.ts'
import type { Draft } from './draft.ts'
import type { DraftDefaults } from './request-file.ts'

/** Which status ends a wait well: that the broker has the command, or that the device has done it. */
export type WaitFor = 'published' | 'reply'

export interface Wait {
  readonly for: WaitFor
  readonly timeoutMs: number
}

/** What `bridge command send` is asked to do. Expiries are counted from `now`. */
export interface SendOrder {
  readonly what:
    | { readonly kind: 'one'; readonly draft: Draft }
    | { readonly kind: 'file'; readonly text: string; readonly defaults: DraftDefaults; readonly keepGoing: boolean }
  readonly wait: Wait | null
  readonly json: boolean
  /** Epoch milliseconds. */
  readonly now: number
  readonly requestedBy: string | null
}

/** What `bridge command status` is asked to show. */
export interface StatusOrder {
  readonly commandId: string | null
  readonly deviceSn: string | null
  readonly sinceMs: number
  readonly json: boolean
}

export const sendOptions = {
  device: { type: 'string' },
  op: { type: 'string' },
  data: { type: 'string' },
  id: { type: 'string' },
  expires: { type: 'string' },
  'if-offline': { type: 'string' },
  sensitive: { type: 'boolean' },
  correlation: { type: 'string' },
  file: { type: 'string' },
  'keep-going': { type: 'boolean' },
  wait: { type: 'boolean' },
  'wait-for': { type: 'string' },
  timeout: { type: 'string' },
} as const

export const statusOptions = {
  device: { type: 'string' },
  id: { type: 'string' },
  since: { type: 'string' },
} as const

export const jsonOption = { json: { type: 'boolean' } } as const

type Values<O> = { readonly [Name in keyof O]?: O[Name] extends { type: 'boolean' } ? boolean : string } & {
  readonly json?: boolean
}

/** Throws UsageError. */
export function readSendOrder(values: Values<typeof sendOptions>, io: CommandIo, now: number): SendOrder {
  const expiresAt = values.expires === undefined ? null : now + readDuration(values.expires, '--expires')
  const defaults: DraftDefaults = {
    ifOffline: readIfOffline(values['if-offline']),
    expiresAt,
    sensitive: values.sensitive === true,
    correlationId: values.correlation ?? null,
  }
  return {
    what: values.file === undefined ? readOne(values, defaults, io) : readMany(values, defaults, io),
    wait: readWait(values),
    json: values.json === true,
    now,
    requestedBy: io.env['USER'] ?? null,
  }
}

/** Throws UsageError. */
export function readStatusOrder(values: Values<typeof statusOptions>): StatusOrder {
  return {
    commandId: values.id ?? null,
    deviceSn: values.device ?? null,
    sinceMs: readDuration(values.since ?? '1h', '--since'),
    json: values.json === true,
  }
}

function readOne(values: Values<typeof sendOptions>, defaults: DraftDefaults, io: CommandIo): SendOrder['what'] {
  const { device, op, data, id } = values
  if (values['keep-going'] === true) throw new UsageError('--keep-going goes with --file')
  if (device === undefined) throw new UsageError('needs --device SN, or --file FILE')
  if (op === undefined) throw new UsageError('needs --op NAME')
  const text = data === undefined ? undefined : readTextArgument(data, '--data', io)
  return { kind: 'one', draft: { ...defaults, deviceSn: device, op, commandId: id ?? null, data: text ?? null } }
}

function readMany(values: Values<typeof sendOptions>, defaults: DraftDefaults, io: CommandIo): SendOrder['what'] {
  const single = (['device', 'op', 'data', 'id'] as const).find((name) => values[name] !== undefined)
  if (single !== undefined) throw new UsageError(`--${single} does not go with --file: every line says its own`)
  const text = readTextFile(values.file ?? '', '--file', io)
  return { kind: 'file', text, defaults, keepGoing: values['keep-going'] === true }
}

function readWait(values: Values<typeof sendOptions>): Wait | null {
  const { 'wait-for': waitFor, timeout } = values
  if (waitFor !== undefined && waitFor !== 'published' && waitFor !== 'reply') {
    throw new UsageError(`--wait-for takes published or reply, not ${JSON.stringify(waitFor)}`)
  }
  if (values.wait !== true && waitFor === undefined) {
    if (timeout !== undefined) throw new UsageError('--timeout goes with --wait')
    return null
  }
  return { for: waitFor ?? 'reply', timeoutMs: readTimeout(timeout ?? '60s', '--timeout') }
}

function readIfOffline(text: string | undefined): 'FAIL' | 'WAIT' | null {
  if (text === undefined) return null
  if (text === 'wait') return 'WAIT'
  if (text === 'fail') return 'FAIL'
  throw new UsageError(`--if-offline takes wait or fail, not ${JSON.stringify(text)}`)
}
