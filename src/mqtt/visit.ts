import { type IConnackPacket, type IDisconnectPacket, MqttClient } from 'mqtt'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { ConnectionOptions } from './connection.ts'
import { readEndpoint } from './endpoint.ts'

/** What the broker granted in CONNACK, defaults of MQTT 5 filled in. */
export interface BrokerLimits {
  readonly receiveMaximum: number
  /** Null: no limit but that of the protocol. */
  readonly maximumPacketBytes: number | null
  readonly sessionExpirySeconds: number
  readonly keepaliveSeconds: number
  readonly maximumQos: number
  readonly sharedSubscriptions: boolean
  readonly wildcards: boolean
}

/** The broker said no to CONNECT, or ended the connection with a reason. */
export class Refused extends Error {
  readonly reasonCode: number

  constructor(reasonCode: number) {
    super(`reason code 0x${reasonCode.toString(16)}`)
    this.reasonCode = reasonCode
  }
}

/**
 * A short stay at the broker under a client id that nobody else uses, to see what it grants. Nothing of it is left: the
 * session ends with the connection. Never subscribe to a share group that others work in: it would take their messages.
 */
export class Visit {
  readonly limits: BrokerLimits
  readonly #client: MqttClient
  readonly #deadlineMs: number
  #refused: Refused | null = null

  /** Rejects with Refused, with the error of the socket, or with a `transient` Failure of code `timeout`. */
  static async open(options: Omit<ConnectionOptions, 'filters'>, deadlineMs: number): Promise<Visit> {
    const endpoint = await readEndpoint(options)
    const socket = endpoint.dial()
    const client = new MqttClient(() => socket, {
      protocol: 'mqtt',
      protocolVersion: 5,
      clientId: options.clientId,
      clean: options.cleanStart,
      ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
      ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
      keepalive: options.keepaliveSeconds,
      // One deadline for everything: ours.
      connectTimeout: 2 * deadlineMs,
      reconnectPeriod: 0,
      resubscribe: false,
      log: () => undefined,
      properties: {
        sessionExpiryInterval: options.sessionExpirySeconds,
        receiveMaximum: options.receiveMaximum,
      },
    })
    const connected = new Promise<IConnackPacket>((resolve, reject) => {
      client.once('connect', resolve)
      client.on('error', (error) => reject(reasonOf(error)))
      client.once('close', () => reject(new Failure('transient', 'connection', 'the broker closed the connection')))
    })
    try {
      const connack = await withDeadline(connected, deadlineMs, options.url)
      return new Visit(client, limitsOf(connack, options), deadlineMs)
    } catch (error) {
      client.end(true)
      socket.destroy()
      throw error
    }
  }

  private constructor(client: MqttClient, limits: BrokerLimits, deadlineMs: number) {
    this.#client = client
    this.limits = limits
    this.#deadlineMs = deadlineMs
    client.on('disconnect', (packet: IDisconnectPacket) => {
      this.#refused = new Refused(packet.reasonCode ?? 0)
    })
  }

  /** Reason code of the SUBACK, at QoS 1 and without retained messages. A broker that hangs up instead: its reason. */
  async subscribe(filter: string): Promise<number> {
    return this.#code(`SUBSCRIBE ${filter}`, (done) => {
      this.#client.subscribe(filter, { qos: 1, rh: 2 }, (error, _granted, suback) => {
        const code = suback?.granted.map(Number)[0]
        done(code ?? reasonOf(error))
      })
    })
  }

  /** Reason code of the PUBACK to an empty message that expires at once: 0 and 16 (no subscriber) mean permitted. */
  async publish(topic: string): Promise<number> {
    return this.#code(`PUBLISH ${topic}`, (done) => {
      this.#client.publish(topic, '', { qos: 1, properties: { messageExpiryInterval: 1 } }, (error) => {
        const reason = error === undefined || error === null ? 0 : reasonOf(error)
        done(reason instanceof Refused ? reason.reasonCode : reason)
      })
    })
  }

  /** DISCONNECT that ends the session; a broker that does not hang up then is hung up on. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      const properties = this.limits.sessionExpirySeconds > 0 ? { properties: { sessionExpiryInterval: 0 } } : {}
      this.#client.end(false, { reasonCode: 0, ...properties }, () => resolve())
    })
    await withDeadline(ended, Math.min(this.#deadlineMs, 1000), 'leaving').catch(() => undefined)
    this.#client.stream.destroy()
  }

  async #code(what: string, ask: (done: (answer: number | Error) => void) => void): Promise<number> {
    const answered = new Promise<number>((resolve, reject) => {
      const closed = (): void => {
        if (this.#refused === null) reject(new Failure('transient', 'connection', 'the broker closed the connection'))
        else resolve(this.#refused.reasonCode)
      }
      if (!this.#client.connected) return closed()
      this.#client.once('close', closed)
      ask((answer) => {
        this.#client.off('close', closed)
        if (typeof answer === 'number') resolve(answer)
        else if (!this.#client.connected) closed()
        else reject(answer)
      })
    })
    return withDeadline(answered, this.#deadlineMs, what)
  }
}

function reasonOf(error: unknown): Error {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  if (typeof code === 'number') return new Refused(code)
  return error instanceof Error ? error : new Error(messageOf(error))
}

function limitsOf({ properties }: IConnackPacket, asked: Omit<ConnectionOptions, 'filters'>): BrokerLimits {
  return {
    receiveMaximum: properties?.receiveMaximum ?? 65_535,
    maximumPacketBytes: properties?.maximumPacketSize ?? null,
    sessionExpirySeconds: properties?.sessionExpiryInterval ?? asked.sessionExpirySeconds,
    keepaliveSeconds: properties?.serverKeepAlive ?? asked.keepaliveSeconds,
    maximumQos: properties?.maximumQoS ?? 2,
    sharedSubscriptions: properties?.sharedSubscriptionAvailable ?? true,
    wildcards: properties?.wildcardSubscriptionAvailable ?? true,
  }
}
