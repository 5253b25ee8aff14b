import { ClockDevice } from './clock-device.ts'
import type { Ledger } from './ledger.ts'
import { poisonMessage } from './poison.ts'
import { type DeviceProfile, napper } from './roster.ts'

export interface FleetPace {
  readonly punchesPerSecond: number
  readonly poisonEveryMs: number
  readonly dropEveryMs: number
  readonly goAwayEveryMs: number
}

/** How many connect at the same time: brokers and firewalls dislike a rush. */
const connectAtOnce = 25
const usersPerDevice = 60
const awayMs = 2000
/** The napper is online this long, then away this long, and so on. */
const napMs = 15_000

/** All simulated devices: people punch, lines break, some devices send rubbish. */
export class Fleet {
  readonly devices: readonly ClockDevice[]
  readonly #ledger: Ledger
  readonly #pace: FleetPace
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #leaving = new Set<Promise<void>>()
  readonly #napper: ClockDevice | undefined
  #napTurnsAt = 0
  #stopping = false
  #punches = 0
  #owedPunches = 0
  #poison = 0
  #drops = 0
  #lostConnections = 0

  constructor(roster: readonly DeviceProfile[], url: string, ledger: Ledger, pace: FleetPace) {
    this.devices = roster.map((profile) => new ClockDevice(profile, url, ledger, (device) => this.#lost(device)))
    this.#napper = this.devices.find(({ profile }) => profile.deviceSn === napper)
    this.#ledger = ledger
    this.#pace = pace
  }

  /** Connections that ended although nobody here meant them to. */
  get lost(): number {
    return this.#lostConnections
  }

  get connected(): number {
    return this.devices.filter((device) => device.connected).length
  }

  /** Where the napper is, and when that changes. */
  get nap(): { readonly isOnline: boolean; readonly seconds: number } {
    return {
      isOnline: this.#napper?.connected === true,
      seconds: Math.max(0, Math.ceil((this.#napTurnsAt - Date.now()) / 1000)),
    }
  }

  /** Connections broken on purpose. */
  get drops(): number {
    return this.#drops
  }

  async connect(): Promise<void> {
    const waiting = [...this.devices]
    const work = async (): Promise<void> => {
      for (let device = waiting.pop(); device !== undefined; device = waiting.pop()) await device.connect()
    }
    await Promise.all(Array.from({ length: connectAtOnce }, work))
  }

  start(): void {
    const tickMs = 50
    this.#every(tickMs, () => {
      this.#owedPunches += (this.#pace.punchesPerSecond * tickMs) / 1000
      for (; this.#owedPunches >= 1; this.#owedPunches -= 1) this.#punch()
    })
    this.#every(this.#pace.poisonEveryMs, () => {
      const device = this.#anyConnected()
      device?.publish(poisonMessage(this.#poison, device.profile.deviceSn, Date.now()))
      this.#poison += 1
    })
    this.#every(this.#pace.dropEveryMs, () => {
      const device = this.#anyConnected()
      if (device === undefined) return
      this.#drops += 1
      device.drop()
      this.#comeBack(device)
    })
    this.#every(this.#pace.goAwayEveryMs, () => {
      const device = this.#anyConnected()
      if (device === undefined) return
      this.#goAway(device, () => this.#comeBack(device))
    })
    this.#napTurnsAt = Date.now() + napMs
    this.#every(napMs, () => this.#turnNapper())
    this.#every(10_000, () => this.#ledger.forget(Date.now()))
  }

  /** Nobody punches any more; every device is back, sends what it holds and waits for its acknowledgements. */
  async settle(timeoutMs: number): Promise<boolean> {
    this.#stopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    const until = Date.now() + timeoutMs
    await Promise.all(this.#leaving)
    for (const device of this.devices) {
      if (!device.connected) await device.connect().catch(() => undefined)
      device.flush()
    }
    while (Date.now() < until) {
      if (this.devices.every((device) => device.idle)) return true
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return false
  }

  async end(): Promise<void> {
    await Promise.all(this.devices.map((device) => device.end()))
  }

  #punch(): void {
    const device = pick(this.devices)
    this.#punches += 1
    const user = (this.#punches * 7) % usersPerDevice
    // Leading zeros and letters are kept by the bridge.
    const userId = user % 5 === 0 ? `E-${user}` : String(user).padStart(4, '0')
    device?.punch({ userId, at: Date.now(), state: this.#punches % 6 })
  }

  #lost(device: ClockDevice): void {
    this.#lostConnections += 1
    this.#comeBack(device)
  }

  #goAway(device: ClockDevice, then: () => void): void {
    const going = device.goAway().then(then)
    this.#leaving.add(going)
    void going.finally(() => this.#leaving.delete(going))
  }

  #turnNapper(): void {
    this.#napTurnsAt = Date.now() + napMs
    const device = this.#napper
    if (device?.connected === true) this.#goAway(device, () => undefined)
    else device?.connect().catch(() => this.#comeBack(device))
  }

  #comeBack(device: ClockDevice): void {
    if (this.#stopping) return
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        device.connect().catch(() => this.#comeBack(device))
      },
      awayMs + Math.random() * 3000,
    )
    this.#timers.add(timer)
  }

  #anyConnected(): ClockDevice | undefined {
    return pick(this.devices.filter((device) => device.connected && device !== this.#napper))
  }

  #every(intervalMs: number, work: () => void): void {
    this.#timers.add(setInterval(work, intervalMs))
  }
}

function pick<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)]
}
