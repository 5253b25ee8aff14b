/** Publishes one message to the broker of the demo: `npx tsx scripts/demo/publish.ts TOPIC PAYLOAD`. */
import { DeviceClient } from '../../test/kit/device-client.ts'
import { addressesOfDemo } from './addresses.ts'

const [topic, payload] = process.argv.slice(2)
try {
  if (topic === undefined || payload === undefined) throw new Error('say what: publish.ts TOPIC PAYLOAD')
  const device = await DeviceClient.connect({ url: addressesOfDemo().mqttUrl, clientId: `publish-${process.pid}` })
  const { reasonCode } = await device.publish(topic, payload)
  await device.end()
  console.log(`acknowledged by the broker, reason code 0x${reasonCode.toString(16).padStart(2, '0')}`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
