import type { MosquittoServer } from '../../scripts/ground/servers/mosquitto.ts'
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
}
