import { escapeTopic } from '../device/device-dead-letter.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { PresenceEvent } from '../records/generated/presence-event.ts'
import { type HeaderMode, recordHeaders } from '../records/headers.ts'
import type { MqttMessage } from '../records/mqtt-message.ts'

/** The Kafka record of one observation. */
export function presenceRecord(event: PresenceEvent, message: MqttMessage, headers: HeaderMode): BridgeRecord {
  return {
    channel: 'presence',
    key: event.deviceSn,
    value: event,
    headers: recordHeaders(headers, {
      type: 'cams.presence.report.v1',
      eventId: event.eventId,
      deviceSn: event.deviceSn,
      time: event.statusTime,
      recordedTime: event.ingestTime,
      mqttTopic: escapeTopic(message.topic),
      traceparent: message.traceparent,
    }),
    timestamp: event.ingestTime,
  }
}
