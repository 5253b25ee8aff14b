import { randomBytes } from 'node:crypto'
import { compileCommands } from '../../commands/command-rules.ts'
import type { Settings } from '../../config/settings.ts'
import type { BridgeRecord } from '../../records/bridge-record.ts'
import { codecOf } from '../../records/codec.ts'
import type { CommandRequest } from '../../records/generated/command-request.ts'
import type { CommandStatus } from '../../records/generated/command-status.ts'
import { ChannelWriter } from '../channel-writer.ts'
import type { CommandIo } from '../command.ts'
import type { SendCommands } from '../device-command.ts'
import { exitCodes } from '../exit-codes.ts'
import { LiveLine, progressBar } from '../live-line.ts'
import { Onlooker } from '../onlooker.ts'
import { UsageError } from '../usage-error.ts'
import { type DraftContext, type DraftFault, isFault, requestOf } from './draft.ts'
import type { SendOrder, Wait } from './orders.ts'
import { Outcomes } from './outcomes.ts'
import { readCommandFile } from './request-file.ts'
import { statusLine, statusText } from './status-text.ts'

/** Options by the field they set. */
const optionOf: Readonly<Record<DraftFault['field'], string>> = {
  deviceSn: '--device',
  commandId: '--id',
  op: '--op',
  data: '--data',
  expiresAt: '--expires',
}

/** `bridge command send`. */
export const sendCommands: SendCommands = async ({ settings }, order, io) => {
  const context: DraftContext = {
    // The version is only written into dead letters, and none is made here.
    rules: compileCommands(settings, ''),
    now: order.now,
    newId: () => randomBytes(8).toString('hex'),
    requestedBy: order.requestedBy,
  }
  const { requests, leftOut } = readRequests(order, context, io)
  if (requests === null) return exitCodes.usage
  const { wait } = order
  const writer = await ChannelWriter.open(settings, 'command')
  const following = wait === null ? null : new Following(settings, requests, order, wait, io)
  // Before anything is written, so that no status can be missed.
  await following?.begin()
  const line = new LiveLine(io.stderr)
  try {
    const records = requests.map((value): BridgeRecord => {
      return { channel: 'command', key: value.deviceSn, value, headers: null, timestamp: value.requestedAt }
    })
    await writer.write(records, (count) => line.show(`sent ${progressBar(count, requests.length)}`))
  } finally {
    line.clear()
    await writer.close()
  }
  if (following === null) {
    sayWhatWasSent(requests, leftOut, order, io)
    return leftOut === 0 ? exitCodes.ok : exitCodes.failed
  }
  const outcomes = await following.toTheEnd()
  if (outcomes.open > 0) return exitCodes.undecided
  return outcomes.failed + leftOut === 0 ? exitCodes.ok : exitCodes.failed
}

/** The records to write; null when nothing may be sent. Throws UsageError for a single command that is wrong. */
function readRequests(
  order: SendOrder,
  context: DraftContext,
  io: CommandIo,
): { readonly requests: readonly CommandRequest[] | null; readonly leftOut: number } {
  if (order.what.kind === 'one') {
    const result = requestOf(order.what.draft, context)
    if (isFault(result)) throw new UsageError(`${optionOf[result.field]} ${result.problem}`)
    return { requests: [result], leftOut: 0 }
  }
  const { text, defaults, keepGoing } = order.what
  const { requests, faults } = readCommandFile(text, defaults, context)
  for (const { line, problem } of faults) io.stderr.write(`line ${line}: ${problem}\n`)
  const isRefused = requests.length === 0 || (faults.length > 0 && !keepGoing)
  if (isRefused) {
    const next = faults.length > 0 && requests.length > 0 ? '; --keep-going sends the other lines' : ''
    io.stderr.write(`bridge command: nothing was sent${next}\n`)
  }
  return { requests: isRefused ? null : requests, leftOut: faults.length }
}

function sayWhatWasSent(requests: readonly CommandRequest[], leftOut: number, order: SendOrder, io: CommandIo): void {
  for (const { commandId, deviceSn, op } of requests) {
    if (order.json) io.stdout.write(`${JSON.stringify({ commandId, deviceSn, op })}\n`)
    else if (order.what.kind === 'one') io.stdout.write(`sent ${op} to ${deviceSn}, command id ${commandId}\n`)
  }
  if (order.what.kind === 'one') return
  const rest = leftOut === 0 ? '' : `, ${leftOut} left out`
  const out = order.json ? io.stderr : io.stdout
  out.write(`${requests.length} sent${rest}\n`)
}

/** Shows every status of the commands until all have ended or the time is up. */
class Following {
  readonly #look: Onlooker
  readonly #outcomes: Outcomes
  readonly #order: SendOrder
  readonly #wait: Wait
  readonly #io: CommandIo
  readonly #line: LiveLine
  #latest = 'sent'

  constructor(settings: Settings, requests: readonly CommandRequest[], order: SendOrder, wait: Wait, io: CommandIo) {
    this.#order = order
    this.#wait = wait
    this.#io = io
    this.#line = new LiveLine(io.stderr)
    this.#outcomes = new Outcomes(requests, wait.for)
    this.#look = new Onlooker(settings)
    const sight = { keys: requests.map(({ deviceSn }) => deviceSn), from: 'end' } as const
    this.#look.on('commandStatus', codecOf('CommandStatus'), sight, (status) => this.#take(status))
  }

  async begin(): Promise<void> {
    await this.#look.begin()
  }

  async toTheEnd(): Promise<Outcomes> {
    const { timeoutMs } = this.#wait
    const outcomes = this.#outcomes
    const began = performance.now()
    const show = (): void => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1)
      this.#line.show(`${this.#bar()}${this.#latest}  ${seconds} s`)
    }
    show()
    const redraw = setInterval(show, 100)
    try {
      await this.#look.follow(() => outcomes.open === 0, AbortSignal.timeout(timeoutMs))
    } finally {
      clearInterval(redraw)
      this.#line.clear()
    }
    if (this.#order.what.kind === 'file') this.#io.stderr.write(`${outcomes.summary()}\n`)
    if (outcomes.open > 0) {
      this.#io.stderr.write(
        `bridge command: ${outcomes.open} without an end after ${timeoutMs / 1000} s; see: bridge command status\n`,
      )
    }
    return outcomes
  }

  #take(status: CommandStatus | null): void {
    if (status === null || this.#outcomes.open === 0 || !this.#outcomes.take(status)) return
    const { json, what } = this.#order
    this.#latest = what.kind === 'file' ? status.status : statusText(status)
    this.#line.clear()
    if (json) this.#io.stdout.write(statusLine(status))
    else if (what.kind === 'one') this.#io.stdout.write(`${statusText(status)}\n`)
  }

  #bar(): string {
    const { all, open } = this.#outcomes
    return this.#order.what.kind === 'file' ? `${progressBar(all - open, all)}  ` : ''
  }
}
