import type { Settings } from '../../config/settings.ts'
import { systemClock } from '../../kernel/clock.ts'
import { codecOf } from '../../records/codec.ts'
import type { FleetResult } from '../../records/generated/fleet-result.ts'
import { ChannelWriter } from '../channel-writer.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import type { Account } from './account.ts'
import type { Asked } from './fleet-request.ts'
import { nextStep } from './next-step.ts'

/** A worker that is well answers within a second. */
const answerMs = 15_000

/** What is followed when a request has been accepted. */
export interface Sequel {
  /** Adds the topics to look at. */
  watch(look: Onlooker): void
  /** `caughtUp`: everything that was there before the request has been seen. */
  isOver(answer: FleetResult, caughtUp: boolean): boolean
  /** What a terminal shows meanwhile. */
  screen(): string
  /** Says how it ended; the exit code. */
  end(): number
  /** What to say when the time is up. */
  unfinished(): string
}

/**
 * Writes a request, waits for its one answer and, with a sequel, for what it leads to: no longer than `timeoutMs`, or
 * until it is over when that is null. Resolves to the exit code.
 */
export async function ask(
  settings: Settings,
  asked: Asked,
  sequel: Sequel | null,
  timeoutMs: number | null,
  account: Account,
): Promise<number> {
  const { channel, key, request } = asked
  const patienceMs = Math.min(answerMs, timeoutMs ?? answerMs)
  const time = new Deadline()
  let answer: FleetResult | null = null
  const look = new Onlooker(settings)
  look.on('results', codecOf('FleetResult'), { keys: [key], from: 'end' }, (result, resultKey) => {
    if (answer !== null || result === null || resultKey !== key || result.requestId !== request.requestId) return
    answer = result
    account.record('result', 'FleetResult', result, answerText(result))
    account.release()
    if (timeoutMs === null) time.lift()
    else time.set(timeoutMs)
  })
  // What it leads to may be seen before the answer, but is told after it.
  account.hold()
  sequel?.watch(look)
  const writer = await ChannelWriter.open(settings, channel)
  try {
    await look.begin()
    await writer.write([{ channel, key, value: request, headers: null, timestamp: systemClock.now() }], () => undefined)
  } finally {
    await writer.close()
  }
  time.set(patienceMs)
  const redraw = setInterval(() => {
    const text = answer === null || sequel === null ? 'waiting for the answer' : sequel.screen()
    account.show(text.replace(/$/m, `  ${time.elapsed()} s`))
  }, 100)
  let isOver = false
  try {
    isOver = await look.follow((caughtUp) => {
      if (answer === null) return false
      const isFollowed = sequel !== null && answer.status === 'ACCEPTED' && !answer.duplicate
      return !isFollowed || sequel.isOver(answer, caughtUp)
    }, time.signal)
  } finally {
    clearInterval(redraw)
    time.lift()
    account.clear()
  }
  if (answer !== null) return conclude(asked, answer, isOver, sequel, account)
  account.note(
    `no answer in ${patienceMs / 1000} s. The request stays in Kafka and is answered when a worker with the role fleet ` +
      `is there: bridge run --role fleet. To ask again and not do it twice: --request-id ${request.requestId}`,
  )
  return exitCodes.undecided
}

function conclude(asked: Asked, answer: FleetResult, isOver: boolean, sequel: Sequel | null, account: Account): number {
  if (answer.status === 'REJECTED') {
    const step = nextStep(answer, asked)
    account.note(`refused: ${answer.code}: ${answer.message ?? ''}${step === '' ? '' : `; ${step}`}`)
    return exitCodes.failed
  }
  if (answer.duplicate) {
    account.note(`the request ${answer.requestId} was answered before; nothing was done again`)
    return exitCodes.ok
  }
  if (sequel === null) return exitCodes.ok
  if (isOver) return sequel.end()
  account.note(sequel.unfinished())
  return exitCodes.undecided
}

/** For people; a refusal is told when it is over. */
function answerText({
  status,
  shadowVersion,
  versionNumber,
  executionId,
  jobId,
  duplicate,
}: FleetResult): string | null {
  if (status === 'REJECTED' || duplicate) return null
  if (shadowVersion !== null) return `accepted, shadow version ${shadowVersion}`
  if (executionId !== null) return `accepted, execution id ${executionId}`
  return `accepted, job ${jobId}${versionNumber === null ? '' : `, version ${versionNumber}`}`
}

/** A deadline that moves. */
class Deadline {
  readonly #began = performance.now()
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  set(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#controller.abort(), ms)
  }

  lift(): void {
    clearTimeout(this.#timer)
  }

  elapsed(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(1)
  }
}
