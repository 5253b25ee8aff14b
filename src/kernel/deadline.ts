import { Failure } from './failure.ts'

/** Waits for `work` no longer than `ms`; then rejects with a `transient` Failure of code `timeout`. The work goes on. */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Failure('transient', 'timeout', `${what}: no answer in ${ms} ms`)), ms)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
