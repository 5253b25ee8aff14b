import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { withDeadline } from '../kernel/deadline.ts'
import { type RegistryOptions, readRegistryAccess } from './registry-access.ts'

export interface RegistryAnswer {
  readonly status: number
  /** Null when the body is no JSON. */
  readonly body: unknown
  /** The clock of the registry, in epoch milliseconds to the second; null when it does not say. */
  readonly date: number | null
}

/**
 * One request to the registry, for questions that its client has no call for: the status alone, the clock, whether a
 * schema would be taken. Rejects with the error of the socket, or with a `transient` Failure of code `timeout`.
 */
export async function askRegistry(
  options: RegistryOptions,
  path: string,
  schema: string | null,
  deadlineMs: number,
): Promise<RegistryAnswer> {
  const { auth, tls } = await readRegistryAccess(options)
  const body = schema === null ? null : JSON.stringify({ schema })
  const asked = {
    method: body === null ? 'GET' : 'POST',
    ...(auth === null ? {} : { auth: `${auth.username}:${auth.password}` }),
    headers: {
      accept: 'application/vnd.schemaregistry.v1+json',
      ...(body === null ? {} : { 'content-type': 'application/vnd.schemaregistry.v1+json' }),
    },
  }
  const url = `${options.url.replace(/\/+$/, '')}${path}`
  const request = tls === null ? requestHttp(url, asked) : requestHttps(url, { ...asked, ...tls })
  const answered = new Promise<RegistryAnswer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const date = Date.parse(response.headers.date ?? '')
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, body: jsonIn(text), date: Number.isNaN(date) ? null : date })
      })
    })
    request.end(body ?? undefined)
  })
  try {
    return await withDeadline(answered, deadlineMs, options.url)
  } finally {
    request.destroy()
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
