import type { Settings } from '../../config/settings.ts'
import type { BrokerLimits } from '../../mqtt/visit.ts'
import type { Needs } from '../../roles/needs.ts'
import type { Report } from './finding.ts'

/** Room in a packet for topic and properties, beside the payload. */
const headBytes = 1024

/** Compares what CONNACK granted with what the bridge asked for and needs. Pure. */
export function checkLimits(
  report: Report,
  on: string,
  limits: BrokerLimits,
  settings: Settings,
  { subscriptions, publications }: Needs['mqtt'],
): void {
  const { mqtt, commands, fleet } = settings
  const reads = subscriptions.length > 0
  if (limits.maximumQos < 1) {
    const costs = 'nothing can be acknowledged, so messages are lost'
    report.fail('limits', on, 'the broker grants QoS 0 only', costs, 'allow QoS 1 (EMQX: mqtt.max_qos_allowed)')
  }
  if (reads && !limits.sharedSubscriptions && subscriptions.some((filter) => filter.startsWith('$share/'))) {
    const costs = 'no device message can be read: all subscriptions of the bridge are shared'
    const fix = 'turn shared subscriptions on (EMQX: mqtt.shared_subscription = true)'
    report.fail('limits', on, 'the broker has no shared subscriptions', costs, fix)
  }
  if (reads && !limits.wildcards && subscriptions.some((filter) => /[+#]/.test(filter))) {
    const costs = 'no device message can be read'
    const fix = 'turn wildcard subscriptions on (EMQX: mqtt.wildcard_subscription = true)'
    report.fail('limits', on, 'the broker refuses wildcards in subscriptions', costs, fix)
  }
  if (reads && limits.sessionExpirySeconds < mqtt.sessionExpirySeconds) {
    const [asked, granted] = [mqtt.sessionExpirySeconds, limits.sessionExpirySeconds]
    report.warn(
      'limits',
      on,
      `sessions are kept ${granted} s, not ${asked} s as asked (mqtt.sessionExpirySeconds)`,
      `what waits for a worker that is away longer than ${granted} s is lost`,
      `raise it at the broker (EMQX: mqtt.max_session_expiry_interval), or set mqtt.sessionExpirySeconds to ${granted}`,
    )
  }
  const wanted = reads ? mqtt.receiveMaximum : commands.maxInFlight
  if ((reads || publications.length > 0) && limits.receiveMaximum < wanted) {
    const option = reads ? 'mqtt.receiveMaximum' : 'commands.maxInFlight'
    report.warn(
      'limits',
      on,
      `${limits.receiveMaximum} messages may be on their way, not ${wanted} as asked (${option})`,
      `at 20 ms for an acknowledgement, a connection moves ${limits.receiveMaximum * 50} messages a second at most`,
      `raise it at the broker (EMQX: mqtt.max_inflight of the zone), or use more connections (mqtt.connections)`,
    )
  }
  const largest = Math.max(commands.limits.payloadBytes, fleet.enabled ? fleet.maxMessageBytes : 0) + headBytes
  if (publications.length > 0 && limits.maximumPacketBytes !== null && limits.maximumPacketBytes < largest) {
    report.warn(
      'limits',
      on,
      `packets may have ${limits.maximumPacketBytes} bytes; commands may need ${largest}`,
      'the broker ends the connection at a larger one, each time it is tried again',
      'raise it at the broker (EMQX: mqtt.max_packet_size), or lower commands.limits.payloadBytes',
    )
  }
  if (limits.keepaliveSeconds > mqtt.keepaliveSeconds || limits.keepaliveSeconds === 0) {
    report.warn(
      'limits',
      on,
      `the broker sets the keep-alive to ${limits.keepaliveSeconds} s, not ${mqtt.keepaliveSeconds} s as asked`,
      'a dead connection is noticed later',
      'take the server keep-alive away (EMQX: mqtt.server_keepalive = disabled)',
    )
  }
  const { receiveMaximum, maximumPacketBytes, sessionExpirySeconds, keepaliveSeconds } = limits
  const packet = maximumPacketBytes === null ? 'packets of any size' : `packets up to ${maximumPacketBytes} bytes`
  const granted = `${receiveMaximum} messages on their way, ${packet}, sessions kept ${sessionExpirySeconds} s`
  report.ok('limits', on, `granted: ${granted}, keep-alive ${keepaliveSeconds} s`)
}
