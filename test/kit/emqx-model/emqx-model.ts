import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import mqttPacket, { type IConnectPacket, type IDisconnectPacket, type IPublishPacket, type Packet } from 'mqtt-packet'
import { EmqxRest, type RestClientEntry } from '../emqx-rest.ts'
import { pick } from './groups.ts'
import { ModelLink } from './model-link.ts'
import { type Held, ModelSession, type SessionLimits } from './model-session.ts'
import { matches, takeApart } from './topic-match.ts'

/** Defaults of EMQX's zone. */
const defaults: SessionLimits = { maxInflight: 32, maxQueue: 1000 }

/**
 * A model of one EMQX 5 node where no broker that can be installed behaves like it: how sessions end, queues that drop
 * their oldest, windows, what is given on to other members of a group, wills at a takeover, and the ways in which it
 * sends clients away. Each rule names the fact it follows. It is no broker: no QoS 2, no TLS, no ACL, no aliases.
 */
export class EmqxModel {
  readonly rest: EmqxRest
  readonly sessions = new Map<string, ModelSession>()
  /** Reason code for the CONNACK of this CONNECT; null lets it in. For 0x89 and 0x9C. */
  refuse: (connect: IConnectPacket) => number | null = () => null
  /** Messages that nobody got because the session that had them ended; EMQX says nothing of them. */
  readonly lost: Held[] = []
  /** Acknowledgements for packet ids that were not in flight, of all sessions that ever were. */
  strayAcks = 0
  readonly #limits: SessionLimits
  readonly #retained = new Map<string, Held>()
  readonly #counter = new Map<string, number>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  static async start(limits: Partial<SessionLimits> = {}): Promise<EmqxModel> {
    const model = new EmqxModel({ ...defaults, ...limits }, await EmqxRest.start())
    model.#server.listen(0, '127.0.0.1')
    await once(model.#server, 'listening')
    return model
  }

  private constructor(limits: SessionLimits, rest: EmqxRest) {
    this.#limits = limits
    this.rest = rest
    rest.listed = () => [...this.sessions.values()].map((session) => this.#shown(session))
    rest.kick = (clientId) => this.kick(clientId)
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket))
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /**
   * EMQX: an administrator's kick (`DELETE /clients/{id}`) says DISCONNECT 0x98 and throws the session away with its
   * window and queue; nothing is given on to the group. False when there is no such client.
   */
  kick(clientId: string): boolean {
    const session = this.sessions.get(clientId)
    if (session === undefined) return false
    const { link } = session
    this.#throwAway(session)
    link?.disconnect(0x98)
    return true
  }

  /** EMQX: a node that is evacuated says DISCONNECT 0x9C; the sessions stay, to be taken over elsewhere. */
  evacuate(): void {
    for (const session of this.sessions.values()) {
      const { link } = session
      this.#away(session)
      link?.disconnect(0x9c)
    }
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) session.end()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([this.rest.close(), new Promise<void>((resolve) => this.#server.close(() => resolve()))])
  }

  #shown(session: ModelSession): RestClientEntry {
    return {
      clientid: session.clientId,
      connected: session.link !== null,
      mqueue_len: session.queued,
      mqueue_max: this.#limits.maxQueue,
      mqueue_dropped: session.dropped,
      inflight_cnt: session.inFlight,
      inflight_max: session.window,
      send_msg: session.sent,
    }
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const parser = mqttPacket.parser({ protocolVersion: 5 })
    let link: ModelLink | null = null
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (link !== null && !link.over) this.#dropped(link)
    })
    parser.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') link = this.#connect(socket, packet)
      else if (link !== null && !link.over) this.#take(link, packet)
    })
    parser.on('error', () => socket.destroy())
    socket.on('data', (bytes) => parser.parse(bytes))
  }

  #connect(socket: Socket, connect: IConnectPacket): ModelLink {
    const link = new ModelLink(socket, connect)
    const refused = this.refuse(connect)
    if (refused !== null) {
      link.send({ cmd: 'connack', reasonCode: refused, sessionPresent: false })
      link.close()
      return link
    }
    const before = this.sessions.get(connect.clientId)
    const old = before?.link ?? null
    const isKept = before !== undefined && connect.clean !== true
    if (before !== undefined && !isKept) {
      // EMQX: clean start discards the session; the will of the old connection goes out before the new CONNACK, and
      // what the session held is given on to the group.
      if (old !== null) this.#publishWill(old)
      old?.disconnect(0x8e)
      this.#giveOn(before)
    }
    const session = isKept ? before : new ModelSession(connect.clientId, this.#limits)
    this.sessions.set(connect.clientId, session)
    session.expirySeconds = connect.properties?.sessionExpiryInterval ?? 0
    // EMQX: CONNACK repeats the effective window as its own Receive Maximum.
    const receiveMaximum = Math.min(link.receiveMaximum, this.#limits.maxInflight)
    link.send({ cmd: 'connack', reasonCode: 0, sessionPresent: isKept, properties: { receiveMaximum } })
    session.resume(link)
    if (isKept && old !== null) {
      // EMQX: at a takeover the old connection's will comes after the new CONNACK, unless it has a delay.
      if (old.willDelaySeconds === 0) this.#publishWill(old)
      old.disconnect(0x8e)
    }
    return link
  }

  #take(link: ModelLink, packet: Packet): void {
    const session = this.sessions.get(link.connect.clientId)
    if (session?.link !== link) return
    switch (packet.cmd) {
      case 'publish':
        this.#published(link, packet)
        break
      case 'puback': {
        const before = session.strayAcks
        session.acknowledge(packet.messageId ?? 0)
        this.strayAcks += session.strayAcks - before
        break
      }
      case 'subscribe': {
        const codes = packet.subscriptions.map(({ topic, nl }) => this.#subscribe(session, topic, nl === true))
        link.send({ cmd: 'suback', messageId: packet.messageId ?? 0, granted: codes })
        for (const { topic } of packet.subscriptions) this.#sendRetained(session, topic)
        break
      }
      case 'unsubscribe':
        // EMQX: what waits in the queue already stays and is still delivered.
        for (const filter of packet.unsubscriptions) session.subscriptions.delete(filter)
        link.send({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: packet.unsubscriptions.map(() => 0) })
        break
      case 'pingreq':
        link.send({ cmd: 'pingresp' })
        break
      case 'disconnect':
        this.#goodbye(session, link, packet)
        break
      default:
    }
  }

  /** MQTT 5, 3.8.3.1: No Local on a shared subscription is a protocol error. */
  #subscribe(session: ModelSession, subscription: string, noLocal: boolean): number {
    if (noLocal && takeApart(subscription).group !== null) return 0x82
    session.subscriptions.add(subscription)
    return 1
  }

  /** EMQX: stored messages never go to a shared subscription. */
  #sendRetained(session: ModelSession, subscription: string): void {
    if (takeApart(subscription).group !== null) return
    for (const message of this.#retained.values()) {
      if (matches(subscription, message.topic)) session.deliver({ ...message, retain: true })
    }
  }

  #published(link: ModelLink, packet: IPublishPacket): void {
    const routes = this.#route(packet, link)
    // EMQX: the publisher is answered when the message was routed, whether or not a queue had room; 0x10 says that
    // there was no route at all.
    if (packet.qos === 1) {
      link.send({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: routes === 0 ? 0x10 : 0 })
    }
  }

  /** The number of routes that the message had. */
  #route(packet: IPublishPacket, publisher: ModelLink | null): number {
    const payload = Buffer.from(packet.payload)
    const userProperties = packet.properties?.userProperties
    const qos = packet.qos === 0 ? 0 : 1
    const message: Held = { topic: packet.topic, payload, qos, retain: false, userProperties, shared: null }
    if (packet.retain) {
      if (payload.length === 0) this.#retained.delete(packet.topic)
      else this.#retained.set(packet.topic, message)
    }
    const groups = new Set<string>()
    let routes = 0
    for (const session of this.sessions.values()) {
      for (const subscription of session.subscriptions) {
        const { group, filter } = takeApart(subscription)
        // EMQX: `$share/group/$emqx/…` is ordinary routing on the filter behind the group.
        if (!matches(filter, packet.topic)) continue
        if (group !== null) groups.add(subscription)
        else session.deliver(message)
        if (group === null) routes += 1
      }
    }
    for (const shared of groups) {
      const member = pick(shared, this.#members(shared, null), publisher, this.#counter)
      member?.deliver({ ...message, shared })
    }
    return routes + groups.size
  }

  #members(shared: string, without: ModelSession | null): readonly ModelSession[] {
    return [...this.sessions.values()].filter((session) => session !== without && session.holds(shared))
  }

  #goodbye(session: ModelSession, link: ModelLink, packet: IDisconnectPacket): void {
    const expiry = packet.properties?.sessionExpiryInterval
    const isWillSent = packet.reasonCode === 0x04
    link.over = true
    if (isWillSent) this.#publishWill(link)
    if (expiry === 0 && session.expirySeconds > 0) {
      // EMQX 5.3 and later: a DISCONNECT that sets the expiry to 0 throws the session away, and with it the window and
      // the queue; nothing is given on.
      this.#throwAway(session)
      link.close()
      return
    }
    if (expiry !== undefined) session.expirySeconds = expiry
    this.#away(session)
    link.close()
  }

  /** The socket closed without a DISCONNECT. */
  #dropped(link: ModelLink): void {
    const session = this.sessions.get(link.connect.clientId)
    if (session?.link !== link) return
    link.over = true
    const delay = Math.min(link.willDelaySeconds, session.expirySeconds)
    this.#away(session)
    // MQTT 5, 3.1.3.2: a delayed will is not sent when the client is back in time.
    if (delay === 0) this.#publishWill(link)
    else session.lateWill = setTimeout(() => this.#publishWill(link), delay * 1000).unref()
  }

  /** EMQX: with expiry 0 the session ends and is given on; else it stays a member of its groups until it expires. */
  #away(session: ModelSession): void {
    session.link = null
    if (session.expirySeconds === 0) {
      this.#giveOn(session)
      return
    }
    // A timer takes at most 2^31 - 1 ms; no test waits that long.
    const ms = Math.min(session.expirySeconds * 1000, 2_147_483_647)
    session.expiry = setTimeout(() => this.#giveOn(session), ms).unref()
  }

  /** EMQX: QoS 1 in flight and what is queued go to other members; without one they are lost. */
  #giveOn(session: ModelSession): void {
    this.sessions.delete(session.clientId)
    for (const message of session.end()) {
      const shared = message.shared ?? ''
      const member = pick(shared, this.#members(shared, session), null, this.#counter)
      if (member === null) this.lost.push(message)
      else member.deliver(message)
    }
  }

  #throwAway(session: ModelSession): void {
    this.sessions.delete(session.clientId)
    session.link = null
    this.lost.push(...session.end())
  }

  #publishWill(link: ModelLink): void {
    const { will } = link
    if (will !== null) this.#route(will, null)
  }
}
