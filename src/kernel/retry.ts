import type { Backoff } from './backoff.ts'
import { Failure, messageOf } from './failure.ts'

/**
 * Does `work` until it succeeds. Waits by `backoff` after a `transient` failure and tells `failed`; rejects with any
 * other failure, or with code `stopped` when the signal is aborted while it waits.
 */
export async function untilItWorks<T>(
  work: () => Promise<T>,
  backoff: Backoff,
  failed: (failure: Failure) => void,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    if (signal.aborted) throw stopped()
    try {
      const result = await work()
      backoff.reset()
      return result
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('transient', 'unexpected', messageOf(error))
      if (failure.kind !== 'transient') throw failure
      failed(failure)
      await pause(backoff.next(), signal)
    }
  }
}

function stopped(): Failure {
  return new Failure('lost', 'stopped', 'asked to stop')
}

/** Waits `ms`; rejects at once with code `stopped` when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer)
      reject(stopped())
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, ms)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
