import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePorts } from '../../scripts/ground/run/free-ports.ts'
import { FaultyPipe, type PipeFault } from './faulty-pipe.ts'

/** `up` is from the client (the bridge, a device) to the server. */
export type Direction = 'up' | 'down'

/** Told of every connection and of the bytes that were forwarded on it. Connections are numbered from 0. */
export interface LinkWatcher {
  opened(link: number): void
  forwarded(link: number, direction: Direction, bytes: Buffer): void
  closed(link: number): void
}

interface Link {
  /** As watchers are told it. */
  readonly number: number
  readonly client: Socket
  readonly server: Socket
  readonly pipes: Readonly<Record<Direction, FaultyPipe>>
}

const both: readonly Direction[] = ['up', 'down']

/**
 * A TCP proxy on 127.0.0.1 that breaks connections on demand. A fault holds for open connections and for those that
 * come, until `heal`.
 */
export class FaultProxy {
  readonly port: number
  readonly #watcher: LinkWatcher | null
  #target: number
  #listener: Server | null = null
  readonly #links = new Set<Link>()
  readonly #faults: Record<Direction, PipeFault> = { up: {}, down: {} }
  readonly #waiting = new Set<{ readonly count: number; readonly resolve: () => void }>()
  #accepted = 0

  /** `targetPort` on 127.0.0.1; may be given later, as Kafka must know the proxy's port before it starts. */
  static async start(targetPort = 0, watcher: LinkWatcher | null = null): Promise<FaultProxy> {
    const [port = 0] = await freePorts(1)
    const proxy = new FaultProxy(port, targetPort, watcher)
    await proxy.accept()
    return proxy
  }

  private constructor(port: number, targetPort: number, watcher: LinkWatcher | null) {
    this.port = port
    this.#target = targetPort
    this.#watcher = watcher
  }

  /** New connections go there; open ones stay where they are. */
  forwardTo(targetPort: number): void {
    this.#target = targetPort
  }

  /** Open connections now. */
  get open(): number {
    return this.#links.size
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Bytes forwarded so far on the connections that are open. */
  forwarded(direction: Direction): number {
    return [...this.#links].reduce((sum, link) => sum + link.pipes[direction].forwarded, 0)
  }

  /** Resolves when `count` connections have been accepted since the start. */
  async connected(count: number): Promise<void> {
    if (this.#accepted >= count) return
    await new Promise<void>((resolve) => this.#waiting.add({ count, resolve }))
  }

  /** Closes every open connection on both sides. New ones are accepted. */
  cut(): void {
    for (const { client, server } of this.#links) {
      client.destroy()
      server.destroy()
    }
  }

  /** Ends every open connection with a RST. */
  reset(): void {
    for (const link of this.#links) resetLink(link)
  }

  /** Forwards exactly so many more bytes on each open connection, then resets it: in the middle of a packet. */
  resetAfter(bytes: number, direction: Direction): void {
    for (const link of this.#links) link.pipes[direction].stopAfter(bytes, () => resetLink(link))
  }

  /** Forwards nothing, the end of the connection included, and closes nothing: a cable pulled, a firewall that forgot. */
  halfOpen(...directions: Direction[]): void {
    this.#set(directions, { halted: true })
  }

  /** Forwards nothing more of one connection in this direction, until `heal` or another fault. */
  hold(link: number, direction: Direction): void {
    for (const { number, pipes } of this.#links) {
      if (number === link) pipes[direction].set({ ...this.#faults[direction], halted: true })
    }
  }

  /** Bytes of one connection that have come and are not forwarded. */
  held(link: number, direction: Direction): number {
    return [...this.#links].find(({ number }) => number === link)?.pipes[direction].held ?? 0
  }

  /** Every byte comes `delayMs` later, at no more than `bytesPerSecond`. */
  slow(fault: { readonly delayMs?: number; readonly bytesPerSecond?: number }, ...directions: Direction[]): void {
    this.#set(directions, fault)
  }

  /** Takes every fault back; what was held is forwarded now. */
  heal(): void {
    this.#set(both, { halted: false, delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY })
    for (const { client, server } of this.#links) {
      // The other side may have learned nothing of an end that came while everything was halted.
      if (client.destroyed) server.destroy()
      if (server.destroyed) client.destroy()
    }
  }

  /** Connections are refused until `accept`. */
  async refuse(): Promise<void> {
    const listener = this.#listener
    this.#listener = null
    if (listener === null) return
    // Its callback waits for the open connections as well, which refuse leaves alone.
    listener.close()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  async accept(): Promise<void> {
    if (this.#listener !== null) return
    const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#link(client))
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(this.port, '127.0.0.1', resolve)
    })
    this.#listener = listener
  }

  async close(): Promise<void> {
    await this.refuse()
    this.cut()
  }

  #set(directions: readonly Direction[], fault: PipeFault): void {
    for (const direction of directions.length === 0 ? both : directions) {
      Object.assign(this.#faults[direction], fault)
      for (const link of this.#links) link.pipes[direction].set(this.#faults[direction])
    }
  }

  #link(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    client.setNoDelay(true)
    const number = this.#accepted
    const told = (direction: Direction) => (bytes: Buffer) => this.#watcher?.forwarded(number, direction, bytes)
    this.#watcher?.opened(number)
    const pipes = {
      up: new FaultyPipe(client, server, told('up')),
      down: new FaultyPipe(server, client, told('down')),
    }
    const link = { number, client, server, pipes }
    this.#links.add(link)
    for (const direction of both) pipes[direction].set(this.#faults[direction])
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      // A peer that vanished is not told to the other side while anything is halted.
      socket.on('error', () => {
        if (!this.#faults.up.halted && !this.#faults.down.halted) peer.destroy()
      })
      socket.on('close', () => {
        if (client.destroyed && server.destroyed && this.#links.delete(link)) this.#watcher?.closed(number)
      })
    }
    this.#accepted += 1
    for (const waiter of this.#waiting) {
      if (this.#accepted < waiter.count) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
  }
}

function resetLink({ client, server }: Link): void {
  for (const socket of [client, server]) {
    // resetAndDestroy() sends a FIN first, which a fast peer takes for an orderly end. Its own mark alone does not.
    Object.assign(socket, { resetAndClosing: true })
    socket.destroy()
  }
}
