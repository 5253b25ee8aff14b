import { connect } from 'node:net'

const probeMs = 2000

/** CONNECT of MQTT 5: clean start, keep alive 10 s, no client id. */
const mqttConnect = Buffer.from([0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 10, 0, 0, 0])

/** Resolves on any CONNACK, a refusal included: the broker is up. */
export function probeMqtt(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: probeMs })
    socket.once('connect', () => socket.write(mqttConnect))
    socket.once('data', (data: Buffer) => {
      socket.destroy()
      if (data[0] === 0x20) resolve()
      else reject(new Error('not a CONNACK'))
    })
    socket.once('timeout', () => socket.destroy(new Error('no CONNACK')))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed without a CONNACK')))
  })
}

/** Resolves when something accepts a connection. */
export function probeTcp(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: probeMs })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => socket.destroy(new Error('no connection')))
    socket.once('error', reject)
  })
}

/** Resolves on a 2xx answer. */
export async function probeHttp(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(probeMs) })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
}
