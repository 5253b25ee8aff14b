import { createServer } from 'node:net'
import { messageOf } from '../../kernel/failure.ts'

/** Ports below may need a right of their own. */
const firstFreePort = 1024

/**
 * What keeps a server of this process from listening there; null when nothing does. The port itself is tried only where
 * it may need a right, so that a worker that is starting never finds it taken.
 */
export async function canListen(host: string, port: number): Promise<string | null> {
  const server = createServer()
  const problem = await new Promise<unknown>((resolve) => {
    server.once('error', resolve)
    server.listen(port < firstFreePort ? port : 0, host, () => resolve(null))
  })
  if (problem === null) {
    await new Promise((resolve) => server.close(resolve))
    return null
  }
  // A worker that runs has it.
  if (problem instanceof Error && 'code' in problem && problem.code === 'EADDRINUSE') return null
  return messageOf(problem)
}
