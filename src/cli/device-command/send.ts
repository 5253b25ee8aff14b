import { randomBytes } from 'node:crypto'
import { compileCommands } from '../../commands/command-rules.ts'
import { installCodecs } from '../../kafka/codecs.ts'
import { Failure } from '../../kernel/failure.ts'
import type { CommandRequest } from '../../records/generated/command-request.ts'
import { partitionFor } from '../../records/topics.ts'
import type { CommandIo } from '../command.ts'
import type { SendCommands } from '../device-command.ts'
import { exitCodes } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import { CommandTopic, StatusTopic } from './command-topics.ts'
import { type DraftContext, type DraftFault, isFault, requestOf } from './draft.ts'
import { LiveLine, progressBar } from './live-line.ts'
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
  installCodecs()
  const topic = await CommandTopic.open(settings)
  const statuses = order.wait === null ? null : await StatusTopic.open(settings)
  // Before anything is written, so that no status can be missed.
  const places = statuses === null ? null : await statuses.tail.places(null)
  const line = new LiveLine(io.stderr)
  try {
    await topic.write(requests, (count) => line.show(`sent ${progressBar(count, requests.length)}`))
  } finally {
    line.clear()
    await topic.close()
  }
  if (order.wait === null || statuses === null || places === null) {
    sayWhatWasSent(requests, leftOut, order, io)
    return leftOut === 0 ? exitCodes.ok : exitCodes.failed
  }
  const wanted = new Set(requests.map(({ deviceSn }) => partitionFor('commandStatus', deviceSn, statuses.partitions)))
  const from = new Map([...places].filter(([p]) => wanted.has(p)).map(([p, { end }]) => [p, end]))
  const outcomes = new Outcomes(requests, order.wait.for)
  await follow(statuses, from, outcomes, order, order.wait, io)
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
async function follow(
  statuses: StatusTopic,
  from: ReadonlyMap<number, bigint>,
  outcomes: Outcomes,
  { json, what }: SendOrder,
  { timeoutMs }: Wait,
  io: CommandIo,
): Promise<void> {
  const line = new LiveLine(io.stderr)
  const began = performance.now()
  let latest = 'sent'
  const show = (): void => {
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const bar = what.kind === 'file' ? `${progressBar(outcomes.all - outcomes.open, outcomes.all)}  ` : ''
    line.show(`${bar}${latest}  ${seconds} s`)
  }
  show()
  const redraw = setInterval(show, 100)
  const timeout = setTimeout(() => {
    statuses.tail.close().catch(() => undefined)
  }, timeoutMs)
  try {
    await statuses.tail.follow(from, async (messages) => {
      for (const status of await statuses.read(messages)) {
        if (outcomes.open === 0 || !outcomes.take(status)) continue
        latest = what.kind === 'file' ? status.status : statusText(status)
        line.clear()
        if (json) io.stdout.write(statusLine(status))
        else if (what.kind === 'one') io.stdout.write(`${statusText(status)}\n`)
      }
      return outcomes.open === 0 ? 'enough' : 'more'
    })
  } catch (error) {
    // Closing the reader in the middle of a question makes it fail: the time is up, and nothing else.
    if (performance.now() - began < timeoutMs || !(error instanceof Failure)) throw error
  } finally {
    clearInterval(redraw)
    clearTimeout(timeout)
    line.clear()
  }
  if (what.kind === 'file') io.stderr.write(`${outcomes.summary()}\n`)
  if (outcomes.open > 0) {
    io.stderr.write(
      `bridge command: ${outcomes.open} without an end after ${timeoutMs / 1000} s; see: bridge command status\n`,
    )
  }
}
