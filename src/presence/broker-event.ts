import type { DeviceRegistry } from '../device/device-registry.ts'
import { isSerial } from '../device/serial-topic.ts'
import { text64 } from '../device/text-rules.ts'
import { JsonNumber, type JsonObject } from '../json/json-value.ts'
import type { Outcome } from '../records/bridge-record.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'
import { presenceRecord } from './presence-record.ts'
import type { PresenceRules } from './presence-rules.ts'

const IGNORED: Outcome = { kind: 'ignored', reason: 'broker_event' }

/** What the broker itself says of a client's connection, republished by a rule of the broker (attendance 9). */
export function decideBrokerEvent(
  event: JsonObject,
  message: MqttMessage,
  registry: DeviceRegistry,
  randomUuid: () => string,
  rules: PresenceRules,
): Outcome {
  const deviceSn = event.present('clientid')
  if (typeof deviceSn !== 'string' || !isSerial(deviceSn)) return IGNORED
  const name = event.present('event')
  if (name !== 'client.connected' && name !== 'client.disconnected') return IGNORED
  const online = name === 'client.connected'
  const statusTime = event.present(online ? 'connected_at' : 'disconnected_at')
  if (!(statusTime instanceof JsonNumber) || !/^\d{13}$/.test(statusTime.source)) return IGNORED
  const reason = online ? undefined : event.present('reason')
  // The device is connected again by then.
  if (reason === 'takenover' || reason === 'discarded') return IGNORED
  const record = presenceRecord(
    {
      eventId: randomUuid(),
      deviceSn,
      status: online ? 'ONLINE' : 'OFFLINE',
      statusTime: Number(statusTime.source),
      ingestTime: message.receivedAt,
      timeSource: 'BROKER_CLOCK',
      reason: 'BROKER_EVENT',
      reasonRaw: reason === undefined ? null : text64(reason) || null,
      deviceTime: null,
      clockSkewMillis: null,
      firmwareVersion: null,
      batteryPercent: null,
      pendingRecords: null,
      tenantId: registry.entryOf(deviceSn).tenantId,
      flags: [],
      attributes: {},
    },
    message,
    rules.headers,
  )
  return { kind: 'produced', record }
}
