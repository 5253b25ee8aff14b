import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** The own ports of all connections of this machine to a TCP port of it, from /proc. */
export async function connectionsTo(port: number): Promise<ReadonlySet<number>> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8')))
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/))
  const portIn = (address = ''): number => Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16)
  // 01 is ESTABLISHED.
  const standing = rows.filter(([, , remote, state]) => state === '01' && portIn(remote) === port)
  return new Set(standing.map(([, local]) => portIn(local)))
}

/** Resolves when none of these connections to the port stands any more; throws after 20 s. */
export async function noneLeftOf(before: ReadonlySet<number>, port: number): Promise<void> {
  const left = async () => [...(await connectionsTo(port))].filter((each) => before.has(each))
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await pause(50)) {
    if ((await left()).length === 0) return
  }
  throw new Error(`connections to port ${port} from ${(await left()).join(', ')} stand`)
}
