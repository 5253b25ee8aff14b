import { createServer } from 'node:net'

const first = 20_000
const last = 32_000
/** Ports that this process was given before: their servers may not listen yet, or be down for a moment. */
const given = new Set<number>()

/**
 * Ports on 127.0.0.1 nobody listens on. From below the range the kernel takes for outgoing connections: a port from
 * inside it can be lost to a client that reconnects while its server is being restarted.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > 1000) throw new Error(`no free port between ${first} and ${last}`)
    const port = first + Math.floor(Math.random() * (last - first))
    if (given.has(port)) continue
    // Marked before anything is awaited, as others look for ports meanwhile.
    given.add(port)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
