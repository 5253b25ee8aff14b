import mqttPacket, { type Packet, type Parser } from 'mqtt-packet'
import type { Direction, LinkWatcher } from '../../test/kit/fault-proxy.ts'
import { Latch } from '../../test/kit/latch.ts'
import { idsIn } from '../flow/punch.ts'

/** One PUBLISH of the broker to the bridge on one connection. Times are epoch milliseconds. */
export interface Delivery {
  readonly ids: readonly string[]
  readonly packetId: number
  readonly dup: boolean
  readonly at: number
  readonly link: TracedLink
  acknowledgedAt: number | null
}

/** One network connection between the bridge and the broker: an epoch of its client id. */
export interface TracedLink {
  readonly number: number
  readonly openedAt: number
  clientId: string
  /** Which connection of this client id, from 1. */
  epoch: number
  sessionPresent: boolean | null
  closedAt: number | null
  /** Of a DISCONNECT, and who sent it. */
  goodbye: string | null
}

interface Side {
  readonly link: TracedLink
  readonly parsers: Readonly<Record<Direction, Parser>>
  /** Not acknowledged yet, by packet id, oldest first. */
  readonly open: Map<number, Delivery[]>
}

/** What went over the wire between the bridge and its MQTT broker, seen from a proxy in between. */
export class LinkTrace implements LinkWatcher {
  readonly deliveries = new Map<string, Delivery[]>()
  readonly links: TracedLink[] = []
  /** Ids of punches whose message the bridge has acknowledged on some connection. */
  readonly acknowledged = new Set<string>()
  /** Punches that the broker has acknowledged to the device and the bridge not to the broker; oldest first. */
  readonly waiting = new Map<string, number>()
  /** Of every connection that has ended: the messages that were not acknowledged then. */
  readonly leftOver: number[] = []
  readonly #sides = new Map<number, Side>()
  readonly #epochs = new Map<string, number>()
  readonly #latch = new Latch()

  /** Connections of `evt` that are open and have their CONNACK. */
  get standing(): number {
    return [...this.#sides.values()].filter(({ link }) => link.sessionPresent !== null).length
  }

  /** Messages on open connections that the bridge has not acknowledged. */
  get unacknowledged(): number {
    return [...this.#sides.values()].reduce((sum, { open }) => sum + open.size, 0)
  }

  async until(what: string, holds: () => boolean, timeoutMs: number): Promise<void> {
    await this.#latch.until(what, holds, timeoutMs)
  }

  /** The broker has acknowledged this punch to its device. */
  taken(id: string): void {
    if (!this.acknowledged.has(id)) this.waiting.set(id, Date.now())
  }

  /** Resolves when the bridge has acknowledged everything that the broker had taken until `time`, and after `from`. */
  async settledUntil(time: number, timeoutMs: number, from = 0): Promise<void> {
    const holds = () => {
      for (const at of this.waiting.values()) {
        if (at > time) return true
        if (at > from) return false
      }
      return true
    }
    await this.until('the bridge acknowledges what the broker had taken', holds, timeoutMs)
  }

  /** What the broker had taken until `time` is waited for no longer: it may have forgotten it. */
  giveUp(time: number): void {
    for (const [id, at] of this.waiting) if (at <= time) this.waiting.delete(id)
  }

  opened(number: number): void {
    const link: TracedLink = {
      number,
      openedAt: Date.now(),
      clientId: '',
      epoch: 0,
      sessionPresent: null,
      closedAt: null,
      goodbye: null,
    }
    this.links.push(link)
    const parsers = { up: mqttPacket.parser({ protocolVersion: 5 }), down: mqttPacket.parser({ protocolVersion: 5 }) }
    const side: Side = { link, parsers, open: new Map() }
    this.#sides.set(number, side)
    for (const direction of ['up', 'down'] as const) {
      parsers[direction].on('packet', (packet) => this.#packet(side, direction, packet))
    }
  }

  forwarded(number: number, direction: Direction, bytes: Buffer): void {
    this.#sides.get(number)?.parsers[direction].parse(bytes)
    this.#latch.look()
  }

  closed(number: number): void {
    const side = this.#sides.get(number)
    if (side === undefined) return
    side.link.closedAt = Date.now()
    this.leftOver.push([...side.open.values()].reduce((sum, deliveries) => sum + deliveries.length, 0))
    this.#sides.delete(number)
    this.#latch.look()
  }

  #packet({ link, open }: Side, direction: Direction, packet: Packet): void {
    switch (packet.cmd) {
      case 'connect':
        link.clientId = packet.clientId
        link.epoch = (this.#epochs.get(packet.clientId) ?? 0) + 1
        this.#epochs.set(packet.clientId, link.epoch)
        break
      case 'connack':
        link.sessionPresent = packet.sessionPresent
        break
      case 'disconnect':
        link.goodbye = `DISCONNECT 0x${(packet.reasonCode ?? 0).toString(16)} from the ${direction === 'up' ? 'bridge' : 'broker'}`
        break
      case 'publish': {
        const ids = direction === 'down' && packet.qos === 1 ? idsIn(packet.payload.toString()) : []
        if (ids.length === 0) break
        const packetId = packet.messageId ?? 0
        const delivery: Delivery = { ids, packetId, dup: packet.dup, at: Date.now(), link, acknowledgedAt: null }
        for (const id of ids) {
          const before = this.deliveries.get(id)
          if (before === undefined) this.deliveries.set(id, [delivery])
          else before.push(delivery)
        }
        const waiting = open.get(packetId)
        if (waiting === undefined) open.set(packetId, [delivery])
        else waiting.push(delivery)
        break
      }
      case 'puback': {
        if (direction === 'down') break
        const waiting = open.get(packet.messageId ?? 0)
        const delivery = waiting?.shift()
        if (waiting?.length === 0) open.delete(packet.messageId ?? 0)
        if (delivery === undefined) break
        delivery.acknowledgedAt = Date.now()
        for (const id of delivery.ids) {
          this.acknowledged.add(id)
          this.waiting.delete(id)
        }
        break
      }
      default:
    }
  }
}
