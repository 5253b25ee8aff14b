import { connect, type MqttClient } from 'mqtt'
import { JobRunner } from './job-runner.ts'

/** What a device knows of its deployment. */
export interface DeviceAccount {
  readonly thingName: string
  /** The Thing's MQTT Client ID, set when registering the Thing. */
  readonly clientId: string
  readonly mqttUrl: string
  readonly httpUrl: string
  readonly apiKey: string
  readonly apiSecret: string
}

export type Members = Readonly<Record<string, unknown>>

/** What kind of a device it is. */
export interface DeviceBehaviour {
  /** Applies the fields of a delta and tells the state to report. */
  apply(delta: Members): Members
  /** Runs an action of a command; null: there is no such action. */
  act(action: string, params: Members): { readonly result: Members; readonly report: Members } | null
  /** Does a job, step by step: the details of each, then the state to report. Throws what the job failed of. */
  work(document: Members): AsyncGenerator<Members, Members>
}

/** One message, as it went over the line. */
export interface Traffic {
  readonly way: 'in' | 'out'
  readonly topic: string
  readonly json: Members
}

export interface DeviceHooks {
  /** Told every message. */
  heard(traffic: Traffic): void
  /** Told what it could not do. */
  complain(text: string): void
}

export type Publish = (topic: string, json: Members) => Promise<void>

/** The 13 subscriptions of the integration page, in its order. */
export function requiredSubscriptions(thingName: string): string[] {
  const thing = `$emqx/things/${thingName}`
  return [
    `${thing}/shadow/update/delta`,
    `${thing}/shadow/update`,
    `${thing}/jobs/notify`,
    `${thing}/jobs/notify-next`,
    `${thing}/jobs/get/accepted`,
    `${thing}/jobs/get/rejected`,
    `${thing}/jobs/start-next/accepted`,
    `${thing}/jobs/start-next/rejected`,
    `${thing}/jobs/+/get/accepted`,
    `${thing}/jobs/+/get/rejected`,
    `${thing}/jobs/+/update/accepted`,
    `${thing}/jobs/+/update/rejected`,
    `$emqx/commands/things/${thingName}/executions/+/request`,
  ]
}

const askAgainMs = 500

/**
 * A device written from the rules of the EMQX Fleets page "MQTT Integration" alone, on MQTT 3.1.1 and HTTP: nothing in
 * it knows the bridge.
 */
export class FleetsDevice {
  readonly thingName: string
  /** It is connected, subscribed, and through its start-up. */
  readonly started: Promise<void>
  readonly #account: DeviceAccount
  readonly #behaviour: DeviceBehaviour
  readonly #hooks: DeviceHooks
  readonly #client: MqttClient
  readonly #jobs: JobRunner
  /** What comes in is handled one after the other, and not before the start-up is over. */
  #turn: Promise<void> = Promise.resolve()
  #ended = false

  /** Begins to connect at once; see `started`. */
  constructor(account: DeviceAccount, behaviour: DeviceBehaviour, hooks: DeviceHooks) {
    this.thingName = account.thingName
    this.#account = account
    this.#behaviour = behaviour
    this.#hooks = hooks
    const publish: Publish = (topic, json) => this.#publish(topic, json)
    this.#jobs = new JobRunner(this.thingName, publish, (document) => this.#work(document))
    this.#client = connect(account.mqttUrl, {
      protocolVersion: 4,
      clientId: account.clientId,
      clean: false,
      reconnectPeriod: 1000,
    })
    // At once: the session may hold messages that come right behind the CONNACK.
    this.#client.on('message', (topic, payload) => this.#later(() => this.#take(topic, payload)))
    this.#client.on('error', () => undefined)
    this.started = new Promise((resolve, reject) => {
      this.#client.on('connect', () => {
        this.#later(() =>
          this.#startUp().then(resolve, (error: unknown) => {
            reject(error)
            throw error
          }),
        )
      })
    })
  }

  /** Reports the device's current state. */
  async report(reported: Members): Promise<void> {
    await this.#publish(`$emqx/things/${this.thingName}/shadow/update`, { state: { reported } })
  }

  async event(eventType: string, severity: 'info' | 'warn' | 'error', data: Members): Promise<void> {
    await this.#publish(`$emqx/things/${this.thingName}/events/${eventType}`, { eventType, severity, data })
  }

  /** Disconnects; the session stays, as real devices leave it. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#client.endAsync()
  }

  /** On startup or reconnect: subscribe, fetch the shadow, apply what is pending, then look for jobs. */
  async #startUp(): Promise<void> {
    const granted = await this.#client.subscribeAsync(requiredSubscriptions(this.thingName), { qos: 1 })
    const refused = granted.find(({ qos }) => qos > 2)
    if (refused !== undefined) throw new Error(`the broker refused ${refused.topic}`)
    const { delta } = await this.#fetchShadow()
    await this.report(this.#behaviour.apply(delta))
    await this.#jobs.ask()
  }

  async #fetchShadow(): Promise<{ readonly delta: Members }> {
    const { httpUrl, apiKey, apiSecret } = this.#account
    const authorization = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`
    const url = `${httpUrl}/api/v1/thing-datas/${encodeURIComponent(this.thingName)}/shadow`
    for (;;) {
      const response = await fetch(url, { headers: { authorization } })
      if (response.ok) return (await response.json()) as { delta: Members }
      // Not registered yet, or the deployment does not know of it yet.
      const mayCome = response.status === 404 || response.status === 401 || response.status === 503
      if (!mayCome || this.#ended) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`)
      await new Promise((resolve) => setTimeout(resolve, askAgainMs))
    }
  }

  async #take(topic: string, payload: Buffer): Promise<void> {
    const json = JSON.parse(payload.toString('utf8')) as Members
    this.#hooks.heard({ way: 'in', topic, json })
    const things = `$emqx/things/${this.thingName}`
    if (topic === `${things}/shadow/update/delta`) return this.report(this.#behaviour.apply(json['state'] as Members))
    const command = new RegExp('^\\$emqx/commands/things/[^/]+/executions/([^/]+)/request$').exec(topic)
    if (command !== null) return this.#command(command[1] ?? '', json)
    if (topic.startsWith(`${things}/jobs/`)) return this.#jobs.take(topic.slice(`${things}/jobs/`.length), json)
    // shadow/update: its own reports, and the desired document whose difference the delta tells.
  }

  async #command(executionId: string, request: Members): Promise<void> {
    const { action, params, timestamp, ttl } = request
    if (Number(timestamp) + Number(ttl) < Date.now() / 1000) return
    const done = this.#behaviour.act(String(action), (params ?? {}) as Members)
    const response = done === null ? { status: 'REJECTED' } : { status: 'SUCCEEDED', result: done.result }
    await this.#publish(`$emqx/commands/things/${this.thingName}/executions/${executionId}/response`, response)
    if (done !== null) await this.report(done.report)
  }

  async *#work(document: Members): AsyncGenerator<Members, void> {
    const report = yield* this.#behaviour.work(document)
    await this.report(report)
  }

  async #publish(topic: string, json: Members): Promise<void> {
    this.#hooks.heard({ way: 'out', topic, json })
    await this.#client.publishAsync(topic, JSON.stringify(json), { qos: 1 })
  }

  #later(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      if (!this.#ended)
        this.#hooks.complain(`${this.thingName}: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
}
