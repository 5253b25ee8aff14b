import { describe, expect, it } from 'vitest'
import { withDeadline } from '../../../src/kernel/deadline.ts'

const never = new Promise<never>(() => undefined)

/** Guards kernel/deadline.ts `reject`: seen to fail (it waits for ever) without it. */
describe('a deadline', () => {
  it('ends the wait for what does not answer, and says for what', async () => {
    await expect(withDeadline(never, 5, 'asking the registry')).rejects.toMatchObject({
      kind: 'transient',
      code: 'timeout',
      message: 'asking the registry: no answer in 5 ms',
    })
  })

  it('passes on the answer and the failure of what answers', async () => {
    const broken = new Error('broken')
    await expect(withDeadline(Promise.resolve(7), 60_000, 'work')).resolves.toBe(7)
    await expect(withDeadline(Promise.reject(broken), 60_000, 'work')).rejects.toBe(broken)
  })

  it('leaves no timer behind that would keep the process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    await withDeadline(Promise.resolve(7), 3_600_000, 'work')
    expect(timers()).toBe(before)
  })
})
