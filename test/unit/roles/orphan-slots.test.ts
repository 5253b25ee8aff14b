import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import type { SessionEnd } from '../../../src/mqtt/consumer.ts'
import type { BridgeEvent } from '../../../src/observe/events/event.ts'
import { OrphanSlots } from '../../../src/roles/orphan-slots.ts'
import { PeerDoors } from '../../kit/peer-doors.ts'

/** Who adopts what, asked of real HTTP servers; what an adoption is on a broker: test/system/slots.test.ts. */

const afterMs = 200
const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

/** The worker of slot `own` among `slots`. `next` resolves at the end of the next look, with how many orphans it sees. */
async function worker(
  own: number,
  slots: number,
  doors: PeerDoors,
  adopt: (slot: number) => Promise<readonly SessionEnd[]>,
) {
  const adopted: number[] = []
  let tell: (orphans: number) => void = () => undefined
  const watch = new OrphanSlots(
    { own, slots, peerUrl: doors.url, afterMs },
    {
      emit: (event: BridgeEvent) => {
        if (event.event === 'slots_looked_at') tell(event.orphans)
      },
      canTake: () => true,
      adopt: async (slot) => {
        adopted.push(slot)
        const ends = await adopt(slot)
        return new Map(ends.map((end, i) => [`session-${slot}-${i}`, end]))
      },
    },
  )
  open.push(watch)
  watch.open()
  const next = async (): Promise<number> => new Promise((resolve) => (tell = resolve))
  const until = async (holds: () => boolean): Promise<number> => {
    for (;;) {
      const orphans = await next()
      if (holds()) return orphans
    }
  }
  return { adopted, next, until }
}

async function doorsOf(present: readonly number[]): Promise<PeerDoors> {
  const doors = await PeerDoors.start(present)
  open.push(doors)
  return doors
}

describe('orphans', () => {
  /** Guards roles/orphan-slots.ts `adopterOf(slot, present) === own` in `ours`: seen to fail when all are counted. */
  test('that are adopted by others are no orphans of ours', async () => {
    const doors = await doorsOf([0, 1])
    const zero = await worker(0, 6, doors, async () => ['absent'])
    expect(await zero.until(() => zero.adopted.length > 0)).toBe(0)
    expect(zero.adopted).toEqual([2, 4])
  })

  /** Guards roles/orphan-slots.ts `await this.#answers(slot)` in `#look`. */
  test('are left to their workers when these come back while another one is adopted', async () => {
    const doors = await doorsOf([0])
    const zero = await worker(0, 3, doors, async () => {
      doors.open(2)
      return ['emptied']
    })
    expect(await zero.until(() => zero.adopted.length > 0)).toBe(0)
    await zero.next()
    expect(zero.adopted).toEqual([1])
  })

  /** Guards roles/orphan-slots.ts `looksAnewAfter`: seen to fail when what is over is over for good. */
  test('are looked after again, because a worker may have been there between two looks', async () => {
    const doors = await doorsOf([0])
    const zero = await worker(0, 2, doors, async () => ['absent'])
    expect(await zero.until(() => zero.adopted.length > 1)).toBe(0)
    expect(zero.adopted).toEqual([1, 1])
  })

  /** Guards roles/orphan-slots.ts `#answers`: seen to fail with AbortSignal.any of AbortSignal.timeout. */
  test('are found although a worker takes connections and never answers', { timeout: 20_000 }, async () => {
    const doors = await doorsOf([0])
    doors.silence(1)
    const zero = await worker(0, 2, doors, async () => ['absent'])
    setFlagsFromString('--expose_gc')
    const collect = runInNewContext('gc') as () => void
    const collecting = setInterval(collect, 100)
    open.push({ close: async () => clearInterval(collecting) })
    await zero.until(() => zero.adopted.length > 0)
  })
})
