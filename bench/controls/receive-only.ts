/**
 * Half of our own way, alone: MQTT.js receiving and acknowledging, nothing else. As many connections, the same Receive
 * Maximum and the same options as the bridge's own. Answers every message from its parent with the number received.
 */
import { once } from 'node:events'
import mqtt from 'mqtt'

const [mqttUrl = '', connections = '', receiveMaximum = ''] = process.argv.slice(2)
let received = 0

const clients = Array.from({ length: Number(connections) }, (_, number) =>
  mqtt.connect(mqttUrl, {
    protocolVersion: 5,
    clientId: `receive-only-${number}`,
    clean: false,
    resubscribe: false,
    log: () => undefined,
    properties: { sessionExpiryInterval: 3600, receiveMaximum: Number(receiveMaximum) },
  }),
)
for (const client of clients) {
  client.on('message', () => {
    received += 1
  })
}
process.on('message', () => process.send?.(received))
await Promise.all(
  clients.map(
    (client) =>
      new Promise<void>((resolve, reject) => {
        client.once('error', reject)
        client.on('connect', () => {
          client.subscribe('$share/half/api/mqtt/v1/+/evt', { qos: 1 }, (error) => (error ? reject(error) : resolve()))
        })
      }),
  ),
)
console.log('ready')
await once(process, 'SIGTERM')
await Promise.all(clients.map((client) => client.endAsync()))
process.exit(0)
