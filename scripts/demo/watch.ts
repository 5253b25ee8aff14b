import type { WriteStream } from 'node:tty'
import type { BridgeLook, DemoBridge } from './bridge.ts'
import type { Fleet } from './fleet.ts'
import type { Ledger } from './ledger.ts'
import { frame } from './live-view.ts'
import { Screen } from './screen.ts'
import type { Hint } from './second-terminal.ts'
import { progressLine } from './summary.ts'
import type { Tally } from './tally.ts'
import type { Thermostats } from './thermostats.ts'

export interface Watched {
  readonly brokerName: string
  readonly fleet: Fleet
  readonly thermostats: Thermostats
  readonly ledger: Ledger
  readonly tally: Tally
  readonly bridge: DemoBridge
  readonly hints: readonly Hint[]
  /** Null: a line of text now and then. */
  readonly terminal: WriteStream | null
  readonly seconds: number
  readonly stop: AbortSignal
}

const tickMs = 250
const lineEverySeconds = 5

/** Shows what happens until the time is over, somebody asks to stop, or the bridge is gone. */
export async function watch(watched: Watched): Promise<'time is over' | 'asked to stop' | 'bridge ended'> {
  const { bridge, terminal, stop, ledger, tally } = watched
  const screen = terminal === null ? null : new Screen(terminal)
  screen?.open()
  const began = Date.now()
  const usage = new Usage()
  let nextLine = lineEverySeconds
  try {
    for (;;) {
      if (bridge.obituary !== null) return 'bridge ended'
      if (stop.aborted) return 'asked to stop'
      const runningMs = Date.now() - began
      if (runningMs >= watched.seconds * 1000) return 'time is over'
      if (screen !== null) {
        usage.note(await bridge.look(), Date.now())
        const { cpuPercent, last } = usage
        const scene = { ...watched, runningMs, cpuPercent, bridge: last, warning: bridge.lastWarning }
        screen.draw((columns, rows) => frame(scene, columns, rows))
      } else if (runningMs >= nextLine * 1000) {
        console.log(progressLine(nextLine, ledger, tally))
        nextLine += lineEverySeconds
      }
      await tick(stop)
    }
  } finally {
    screen?.close()
  }
}

/** CPU of the bridge between two looks a second apart. */
class Usage {
  last: BridgeLook | null = null
  cpuPercent: number | null = null
  #base: { readonly at: number; readonly cpuSeconds: number } | null = null

  note(look: BridgeLook | null, now: number): void {
    this.last = look
    if (look === null) return
    const base = this.#base
    if (base !== null && now - base.at < 1000) return
    if (base !== null) this.cpuPercent = ((look.cpuSeconds - base.cpuSeconds) / (now - base.at)) * 100_000
    this.#base = { at: now, cpuSeconds: look.cpuSeconds }
  }
}

async function tick(stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, tickMs)
    stop.addEventListener('abort', done)
  })
}
