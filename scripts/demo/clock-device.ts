import { DeviceClient } from '../../test/kit/device-client.ts'
import { answersTo } from './command-answer.ts'
import type { Ledger } from './ledger.ts'
import { type Message, presenceOutcome, punchOutcome, willOutcome } from './message.ts'
import { finishPayload, type Punch, wrapBatch, writePunch } from './punch-bodies.ts'
import type { DeviceProfile } from './roster.ts'

/** Punches that a batching device collects before it sends them. */
const batchSize = 6

/** One simulated time-clock: it keeps what was not acknowledged and sends it again, as real ones do. */
export class ClockDevice {
  readonly profile: DeviceProfile
  readonly #url: string
  readonly #ledger: Ledger
  readonly #lost: (device: ClockDevice) => void
  #client: DeviceClient | null = null
  #connectedAt = 0
  /** Sent and not acknowledged when the connection ended. */
  #unsent: Message[] = []
  /** Punched and not sent yet. */
  #backlog: Punch[] = []
  #last: Punch | null = null
  /** Answers to commands that take their time. */
  readonly #working = new Set<NodeJS.Timeout>()
  #underWay = 0

  /** `lost`: the connection ended, and nobody here meant it to. */
  constructor(profile: DeviceProfile, url: string, ledger: Ledger, lost: (device: ClockDevice) => void) {
    this.profile = profile
    this.#url = url
    this.#ledger = ledger
    this.#lost = lost
  }

  get connected(): boolean {
    return this.#client !== null
  }

  /** Nothing waits for an acknowledgement. */
  get idle(): boolean {
    return this.#underWay === 0 && this.#unsent.length === 0 && this.#working.size === 0
  }

  async connect(): Promise<void> {
    const { deviceSn } = this.profile
    this.#connectedAt = Date.now()
    const will = { online: false, lwt: true, ts: this.#connectedAt }
    const client = await DeviceClient.connect({
      url: this.#url,
      clientId: deviceSn,
      mqtt: { will: { topic: this.#topic('st'), payload: Buffer.from(JSON.stringify(will)), qos: 1, retain: true } },
    })
    client.client.on('message', (_topic, payload) => {
      for (const { afterMs, message } of answersTo(deviceSn, payload)) this.#sayLater(message, afterMs)
    })
    await client.client.subscribeAsync(this.#topic('cmd'), { qos: 1 })
    this.#client = client
    client.client.once('close', () => {
      if (this.#client !== client) return
      this.#client = null
      this.#lost(this)
    })
    void this.#send(this.#onlineReport())
    for (const message of this.#unsent.splice(0)) void this.#send(message)
    // Many devices do not know what got through and repeat their last punch.
    if (this.#last !== null && this.profile.number % 3 === 0) this.#backlog.unshift(this.#last)
    this.#sendBacklog()
  }

  /** Somebody holds up a card. Sent at once, later in a batch, or when the device is back. */
  punch(punch: Punch): void {
    this.#last = punch
    this.#backlog.push(punch)
    const isBatching = this.profile.number % 4 === 1
    if (this.connected && (!isBatching || this.#backlog.length >= batchSize)) this.#sendBacklog()
  }

  publish(message: Message): void {
    void this.#send(message)
  }

  /** The line breaks: no DISCONNECT, so the broker sends the will. */
  drop(): void {
    const client = this.#leave()
    if (client === null) return
    this.#ledger.owed(willOutcome(this.profile.deviceSn, this.#connectedAt), Date.now())
    client.drop()
    client.client.end(true)
  }

  /** Reports that it goes and says DISCONNECT. */
  async goAway(): Promise<void> {
    const now = Date.now()
    const payload = JSON.stringify({ online: false, reason: 'shutdown', ts: now })
    const outcomes = [presenceOutcome(this.profile.deviceSn, 'OFFLINE', now)]
    const acknowledged = this.#send({ topic: this.#topic('st'), payload, retain: true, outcomes })
    const client = this.#leave()
    await acknowledged
    await client?.end()
  }

  /** DISCONNECT and nothing else, when everything is acknowledged. */
  async end(): Promise<void> {
    await this.#leave()?.end()
  }

  /** Sends what it still holds. */
  flush(): void {
    if (this.connected) this.#sendBacklog()
  }

  #sayLater(message: Message, afterMs: number): void {
    if (afterMs === 0) {
      void this.#send(message)
      return
    }
    const timer = setTimeout(() => {
      this.#working.delete(timer)
      void this.#send(message)
    }, afterMs)
    this.#working.add(timer)
  }

  #leave(): DeviceClient | null {
    const client = this.#client
    this.#client = null
    return client
  }

  #sendBacklog(): void {
    const punches = this.#backlog.splice(0)
    if (punches.length === 0) return
    const { deviceSn, number, timeZone } = this.profile
    const bodies = punches.map((punch) => writePunch(punch, number, timeZone))
    const items = bodies.map(({ members }) => JSON.stringify(members))
    const [only = ''] = items
    const payload = finishPayload(items.length === 1 ? only : wrapBatch(items, number), number)
    const outcomes = bodies.map((body) => punchOutcome(deviceSn, body.userId, body.timeRaw, body.stateRaw))
    void this.#send({ topic: this.#topic('evt'), payload, retain: false, outcomes })
  }

  /** Objects with a time, and the bare words that some devices send. */
  #onlineReport(): Message {
    const { deviceSn, number } = this.profile
    const ts = this.#connectedAt
    const pending = this.#backlog.length
    const forms: readonly (readonly [string, number | null])[] = [
      [JSON.stringify({ online: true, ts, fw: '2.1.7', battery: 87, pending }), ts],
      [JSON.stringify({ online: 1, ts: String(ts) }), ts],
      ['online', null],
      ['"ONLINE"', null],
      ['1', null],
    ]
    const [payload, deviceTime] = forms[number % forms.length] ?? ['online', null]
    const outcomes = [presenceOutcome(deviceSn, 'ONLINE', deviceTime)]
    return { topic: this.#topic('st'), payload, retain: true, outcomes }
  }

  /** Never rejects: what the end of the connection cut off is sent again by the next one. */
  async #send(message: Message): Promise<void> {
    const client = this.#client
    if (client === null) {
      this.#unsent.push(message)
      return
    }
    this.#ledger.sending(message, Date.now())
    this.#underWay += 1
    try {
      const { reasonCode } = await client.publish(message.topic, message.payload, { retain: message.retain })
      this.#ledger.acknowledged(message, reasonCode, Date.now())
      // The ledger has it; a demo that runs for hours must not keep every payload.
      client.acknowledged.length = 0
    } catch {
      this.#unsent.push(message)
    } finally {
      this.#underWay -= 1
    }
  }

  #topic(leaf: string): string {
    return `api/mqtt/v1/${this.profile.deviceSn}/${leaf}`
  }
}
