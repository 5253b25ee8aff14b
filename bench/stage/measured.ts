import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
import type { Stage } from './stage.ts'
import type { StartedProcess } from './started-process.ts'

/** A process that is being measured, started and ready. */
export interface Measured {
  readonly process: StartedProcess
  /** Messages that it has finished with since it was started. */
  count(): Promise<number>
}

/** One of the programs that are compared. */
export interface Contender<M extends Measured = Measured> {
  readonly name: string
  /** Resolves when the process has been spawned. It drains what waits for it as soon as it can. */
  start(broker: MosquittoServer): Promise<M>
  /** Resolves when it is connected and subscribed. */
  ready(measured: M): Promise<void>
  /** Gives it messages number `from` and on. */
  load(broker: MosquittoServer, from: number, count: number): Promise<void>
  /** Lays messages before it that it cannot take yet; resolves to what lets it have all of them at once. */
  backlog(measured: M, broker: MosquittoServer, from: number, count: number): Promise<() => Promise<void>>
}

/** One that takes punches from the broker. They wait there for a process that is frozen. */
export abstract class PunchTaker<M extends Measured = Measured> implements Contender<M> {
  abstract readonly name: string
  protected readonly stage: Stage

  constructor(stage: Stage) {
    this.stage = stage
  }

  abstract start(broker: MosquittoServer): Promise<M>
  abstract ready(measured: M): Promise<void>

  async load(broker: MosquittoServer, from: number, count: number): Promise<void> {
    await this.stage.load(broker, { count, from })
  }

  async backlog({ process }: M, broker: MosquittoServer, from: number, count: number): Promise<() => Promise<void>> {
    process.freeze()
    await this.load(broker, from, count)
    return async () => {
      process.thaw()
      await Promise.resolve()
    }
  }
}
