import { type DeviceAccount, FleetsDevice, type Traffic } from '../../test/kit/conformance/fleets-device.ts'
import { Thermostat } from '../../test/kit/conformance/thermostat.ts'

const registered = 5
/** It is switched on and nobody has registered it: something to do in a second terminal. */
export const newcomer = `thermostat-${registered + 1}`
const stepOfAJobMs = 1000
const measureEveryMs = 5000

/** What the bridge has to know of the thermostats before they are switched on, one JSON object a line. */
export function thermostatRegistrations(): string {
  return Array.from({ length: registered }, (_, at) =>
    JSON.stringify({
      thingName: `thermostat-${at + 1}`,
      mqttClientId: `client-thermostat-${at + 1}`,
      thingType: 'com.example.thermostat',
    }),
  ).join('\n')
}

/** A handful of devices written for EMQX Fleets. */
export class Thermostats {
  readonly #account: Omit<DeviceAccount, 'thingName' | 'clientId'>
  readonly #devices: FleetsDevice[] = []
  #timer: NodeJS.Timeout | undefined
  #deltas = 0
  #commands = 0
  #jobs = 0
  /** What a device could not do, last. */
  complaint: string | null = null

  constructor(account: Omit<DeviceAccount, 'thingName' | 'clientId'>) {
    this.#account = account
  }

  /** Resolves when the registered ones are through their start-up. The newcomer waits for its registration. */
  async open(): Promise<void> {
    const measuring: (() => Promise<void>)[] = []
    const switchOn = async (thingName: string): Promise<void> => {
      const thermostat = new Thermostat(stepOfAJobMs)
      const account = { ...this.#account, thingName, clientId: `client-${thingName}` }
      const device = new FleetsDevice(account, thermostat, {
        heard: (traffic) => this.#count(traffic),
        complain: (text) => {
          this.complaint = text
        },
      })
      this.#devices.push(device)
      await device.started
      measuring.push(async () => device.report(thermostat.measure()))
    }
    await Promise.all(Array.from({ length: registered }, (_, at) => switchOn(`thermostat-${at + 1}`)))
    switchOn(newcomer).catch(() => undefined)
    this.#timer = setInterval(() => {
      for (const measure of measuring) measure().catch(() => undefined)
    }, measureEveryMs)
  }

  get count(): number {
    return registered
  }

  /** Such as `3 deltas applied, 1 commands run, 2 jobs done`. */
  summary(): string {
    return `${this.#deltas} deltas applied, ${this.#commands} commands run, ${this.#jobs} jobs done`
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#devices.map((device) => device.end()))
  }

  #count({ way, topic, json }: Traffic): void {
    if (way === 'in' && topic.endsWith('/shadow/update/delta')) this.#deltas += 1
    if (way === 'out' && topic.endsWith('/response')) this.#commands += 1
    if (way === 'out' && topic.endsWith('/update') && json['status'] === 'SUCCEEDED') this.#jobs += 1
  }
}
