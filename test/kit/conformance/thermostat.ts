import type { DeviceBehaviour, Members } from './fleets-device.ts'

const stepsOfAJob = 4

/** A thermostat: a target, what it measures, and a firmware that a job may change. */
export class Thermostat implements DeviceBehaviour {
  readonly #stepMs: number
  readonly #state: Record<string, unknown> = { temperature: 21.5, humidity: 58, targetTemperature: 22, firmware: '1.0' }

  /** `stepMs`: how long each of the four steps of a job takes. */
  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  get state(): Members {
    return { ...this.#state }
  }

  apply(delta: Members): Members {
    Object.assign(this.#state, delta)
    return this.state
  }

  act(action: string, { value }: Members): ReturnType<DeviceBehaviour['act']> {
    if (action !== 'setTemperature' || typeof value !== 'number') return null
    this.#state['targetTemperature'] = value
    return { result: { currentTemperature: value }, report: { targetTemperature: value } }
  }

  async *work({ firmware }: Members): AsyncGenerator<Members, Members> {
    if (typeof firmware !== 'string') throw new Error('the job names no firmware')
    for (let step = 1; step <= stepsOfAJob; step += 1) {
      await new Promise((resolve) => setTimeout(resolve, this.#stepMs))
      yield { progress: `${(100 * step) / stepsOfAJob}%` }
    }
    this.#state['firmware'] = firmware
    return { firmware }
  }

  /** The room gets nearer to the target; what it measures now. */
  measure(): Members {
    const [temperature, target] = [Number(this.#state['temperature']), Number(this.#state['targetTemperature'])]
    const next = temperature + Math.max(-0.5, Math.min(0.5, target - temperature))
    this.#state['temperature'] = Math.round(next * 10) / 10
    return { temperature: this.#state['temperature'] }
  }
}
