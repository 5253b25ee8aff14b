import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Failure, messageOf } from '../kernel/failure.ts'
import type { Emit } from '../observe/events/event.ts'

/**
 * Starts to listen; returns the port. `part` is what is served, `setting` the group of the configuration that says
 * where. Rejects with a fatal Failure `cannot_listen`.
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  part: string,
  setting: string,
  emit: Emit,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  }).catch((error: unknown) => {
    const next = `set ${setting}.host and ${setting}.port to an address that is free`
    throw new Failure('fatal', 'cannot_listen', `cannot listen on ${host}:${port}: ${messageOf(error)}; ${next}`, {
      cause: error,
    })
  })
  const taken = (server.address() as AddressInfo).port
  emit({ event: 'http_listening', part, host, port: taken })
  return taken
}
