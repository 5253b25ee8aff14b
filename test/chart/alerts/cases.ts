import { labelsOf, release } from './healthy.ts'

export interface AlertCase {
  /** Series that differ from a good day; null: it is not there. */
  readonly series: Readonly<Record<string, string | null>>
  /** It fires from this minute on, not in the one before. */
  readonly fromMinute: number
  readonly labels: Readonly<Record<string, string>>
  readonly says: string
  /** Series with which it must stay silent, although they look alike. */
  readonly silent?: Readonly<Record<string, string | null>>
}

/** How each alert comes to fire. */
export const alertCases: Readonly<Record<string, AlertCase>> = {
  BridgeDown: {
    series: { 'up@ingest': '1x10 0x60' },
    fromMinute: 16,
    labels: labelsOf('ingest'),
    says: 'ingest-0 does not answer Prometheus.',
    silent: { 'up@ingest': '1x10 0x3 1x60' },
  },
  BridgeAbsent: {
    series: { 'bridge_build_info@ingest': null },
    fromMinute: 5,
    labels: { namespace: 'bridge', release: 'demo', role: 'ingest' },
    says: 'No ingest worker is there.',
    silent: { 'bridge_build_info@http': null },
  },
  BridgeNotReady: {
    series: { 'bridge_ready@command': '1x10 0x60' },
    fromMinute: 21,
    labels: labelsOf('command'),
    says: 'command-0 is not ready; its /readyz says what it waits for.',
    silent: { 'bridge_ready@command': '1x10 0x8 1x60' },
  },
  BridgeRestartLoop: {
    series: { 'process_start_time_seconds@ingest': '0x5 360x4 600x4 900x4 1200x60' },
    fromMinute: 21,
    labels: labelsOf('ingest'),
    says: 'ingest-0 was started more than three times in 30 minutes.',
    silent: { 'process_start_time_seconds@ingest': '0x5 360x4 600x4 900x60' },
  },
  BridgeMessagesUnaccounted: {
    series: { 'bridge_conservation_difference@ingest': '0x10 2x60' },
    fromMinute: 16,
    labels: labelsOf('ingest'),
    says: 'ingest-0: 2 messages came in and are neither stored, ignored nor pending.',
    silent: { 'bridge_conservation_difference@ingest': '0x10 2x2 0x60' },
  },
  BridgeKafkaStalled: {
    series: { 'bridge_kafka_stalled@ingest': '0x10 1x60' },
    fromMinute: 13,
    labels: labelsOf('ingest'),
    says: 'Kafka takes no records from ingest-0; messages wait at the broker.',
    silent: { 'bridge_kafka_stalled@ingest': '0x10 1x1 0x60' },
  },
  BridgeNothingStored: {
    series: { 'bridge_mqtt_acknowledged_total@ingest': '0+60000x10 600000x60' },
    fromMinute: 20,
    labels: release,
    says: 'Messages come in, and none is acknowledged.',
    // A quiet night.
    silent: {
      'bridge_mqtt_acknowledged_total@ingest': '600000x60',
      'bridge_messages_received_total@ingest': '600000x60',
    },
  },
  BridgeWindowFull: {
    series: { 'bridge_mqtt_windows_full@ingest': '0x10 2x60' },
    fromMinute: 16,
    labels: release,
    says: 'Kafka is slower than the MQTT broker: 2 windows are full, and the broker queues.',
    silent: { 'bridge_mqtt_windows_full@ingest': '0x10 2x3 0x60' },
  },
  BridgeAcknowledgeSlow: {
    series: {
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="0.1"': '0+10x60',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="1"': '0+10x60',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="10"': '0+100x60',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="+Inf"': '0+100x60',
    },
    fromMinute: 11,
    labels: release,
    says: 'One message in a hundred takes 9.9s from arrival to acknowledgement.',
  },
  BridgeDeadLetters: {
    series: { 'bridge_dead_lettered_total@ingest,code="JSON_INVALID"': '0+6000x120' },
    fromMinute: 16,
    labels: release,
    says: '10% of what comes in becomes a dead letter.',
    silent: { 'bridge_dead_lettered_total@ingest,code="JSON_INVALID"': '0+540x120' },
  },
  BridgeRecordsRefused: {
    series: { 'bridge_kafka_records_refused_total@ingest,code="PRODUCE_REJECTED"': '0x10 1x60' },
    fromMinute: 11,
    labels: { ...release, code: 'PRODUCE_REJECTED' },
    says: 'Kafka or the encoder refused records for good (PRODUCE_REJECTED); their dead letters took their place.',
  },
  BridgeMqttDisconnected: {
    series: { 'bridge_mqtt_connections@command': '1x10 0x60' },
    fromMinute: 13,
    labels: labelsOf('command'),
    says: 'command-0 has no connection to the MQTT broker.',
    // It may have none.
    silent: { 'bridge_mqtt_connections@http': '0x60', 'bridge_mqtt_connections@ingest': '3x10 0x1 3x60' },
  },
  BridgeMqttSessionLost: {
    series: { 'bridge_mqtt_sessions_lost_total@ingest': '0x10 3x60' },
    fromMinute: 11,
    labels: release,
    says: 'The MQTT broker threw sessions away; what waited in them is gone.',
  },
  BridgeDuplicateClientId: {
    series: { 'bridge_mqtt_disconnects_total@ingest,reason="session_taken_over"': '0x10 2 4x60' },
    fromMinute: 12,
    labels: { ...release, pod: 'ingest-0' },
    says: 'Somebody else connects with the client ids of ingest-0.',
    silent: { 'bridge_mqtt_disconnects_total@ingest,reason="session_taken_over"': '0x10 1x60' },
  },
  BridgeOrphanSlots: {
    series: { 'bridge_mqtt_orphan_slots@ingest': '0x10 2x60' },
    fromMinute: 21,
    labels: { namespace: 'bridge', release: 'demo' },
    says: 'Nobody runs 2 slots, and their sessions are not emptied; what the broker gives them waits.',
    silent: { 'bridge_mqtt_orphan_slots@ingest': '0x10 2x8 0x60' },
  },
  BridgeSubscriptionRefused: {
    series: { 'bridge_mqtt_subscriptions_refused_total@ingest': '0x10 1x60' },
    fromMinute: 11,
    labels: release,
    says: 'The MQTT broker refuses a subscription of the bridge.',
  },
  BridgeBrokerDropsSoon: {
    series: { 'bridge_broker_until_drop_seconds@ingest,sessions="evt"': '7200x10 300x60' },
    fromMinute: 12,
    labels: { ...release, sessions: 'evt' },
    says: 'The first queue of the evt sessions is full in 5m 0s; then EMQX drops the oldest messages.',
    // One look that was off; and an API that tells nothing.
    silent: { 'bridge_broker_until_drop_seconds@ingest,sessions="evt"': '7200x10 300 7200x10 _x40' },
  },
  BridgeBrokerDropped: {
    // No worker ran when it happened.
    series: { 'bridge_broker_queue_dropped_messages@ingest,sessions="evt"': '40x10 _x10 540x60' },
    fromMinute: 21,
    labels: { ...release, sessions: 'evt' },
    says: 'EMQX dropped 500 messages from full queues of the evt sessions: they are lost.',
    // The session ended and began anew.
    silent: { 'bridge_broker_queue_dropped_messages@ingest,sessions="evt"': '40x10 0x60' },
  },
  BridgeBrokerSessionAway: {
    series: { 'bridge_broker_sessions@ingest,sessions="evt",state="away"': '0x10 2x60' },
    fromMinute: 26,
    labels: { ...release, sessions: 'evt' },
    says: '2 evt sessions have no worker, and messages go on gathering in them.',
    silent: { 'bridge_broker_sessions@ingest,sessions="evt",state="away"': '0x10 2x10 0x60' },
  },
  BridgeBrokerApiUnavailable: {
    series: { 'bridge_broker_api_available@ingest': '1x10 0x60' },
    fromMinute: 21,
    labels: release,
    says: 'The REST API of EMQX tells nothing: nobody would see EMQX drop messages.',
    silent: { 'bridge_broker_api_available@ingest': '1x10 0x8 1x60' },
  },
  BridgeRegistryUnavailable: {
    series: { 'bridge_registry_available@command': '1x10 0x60' },
    fromMinute: 21,
    labels: release,
    says: 'The schema registry does not answer; a worker that starts now would wait.',
    silent: { 'bridge_registry_available@command': '1x10 0x8 1x60' },
  },
  BridgeRebalanceStorm: {
    series: { 'bridge_kafka_rebalances_total@command': '0x10 0+3x60' },
    fromMinute: 23,
    labels: { ...release, role: 'command' },
    says: 'The command workers keep rebalancing.',
    // An upgrade of six workers.
    silent: { 'bridge_kafka_rebalances_total@command': '0x10 12x60' },
  },
  BridgeCommandLag: {
    series: { 'bridge_command_lag_seconds@command': '2x10 90x60' },
    fromMinute: 16,
    labels: release,
    says: 'The oldest command has waited 1m 30s.',
    silent: { 'bridge_command_lag_seconds@command': '2x10 59x60' },
  },
  BridgeCommandsUndelivered: {
    series: { 'bridge_command_statuses_total@command,status="NO_SUBSCRIBER"': '0+30x120' },
    fromMinute: 16,
    labels: release,
    says: '50% of the commands reach nobody, expire or fail.',
    silent: { 'bridge_command_statuses_total@command,status="NO_SUBSCRIBER"': '0+11x120' },
  },
  BridgeThingsRestart: {
    series: { 'bridge_fleet_partition_restarts_total@fleet,code="fenced"': '0x10 0+2x60' },
    fromMinute: 22,
    labels: { ...release, code: 'fenced' },
    says: 'The owners of things keep starting over (fenced).',
    // A worker went away with its partitions.
    silent: { 'bridge_fleet_partition_restarts_total@fleet,code="fenced"': '0x10 6x60' },
  },
  BridgeTimersLate: {
    series: { 'bridge_fleet_timer_lag_seconds@fleet': '0.2x10 45x60' },
    fromMinute: 13,
    labels: release,
    says: 'Timers of commands and jobs fire 45s late; executions stay open for so long.',
    // A restart has many to catch up with.
    silent: { 'bridge_fleet_timer_lag_seconds@fleet': '0.2x10 45x1 0.2x60' },
  },
  BridgeHttpErrors: {
    series: { 'bridge_http_requests_total@http,route="shadow",status="5xx"': '0+200x60' },
    fromMinute: 6,
    labels: release,
    says: '25% of the HTTP requests are answered with 5xx.',
    silent: { 'bridge_http_requests_total@http,route="shadow",status="5xx"': '0+20x60' },
  },
  BridgeWatchdogStalled: {
    series: { 'bridge_watchdog_stalls_total@ingest,part="kafka_sink"': '0x10 1x60' },
    fromMinute: 11,
    labels: { ...release, pod: 'ingest-0', part: 'kafka_sink' },
    says: 'ingest-0: work was pending in kafka_sink and nothing finished.',
  },
  BridgeUnexpectedErrors: {
    series: { 'bridge_unexpected_errors_total@http': '0x10 1x60' },
    fromMinute: 11,
    labels: release,
    says: 'Errors nobody planned for: a bug of the bridge.',
  },
  BridgeEventLoopBlocked: {
    series: { 'nodejs_eventloop_lag_p99_seconds@ingest': '0.03x10 0.7x60' },
    fromMinute: 21,
    labels: labelsOf('ingest'),
    says: 'ingest-0 has more work than one core does.',
    silent: { 'nodejs_eventloop_lag_p99_seconds@ingest': '0.03x10 0.7x8 0.03x60' },
  },
  BridgeHeapNearlyFull: {
    series: { 'nodejs_heap_size_used_bytes@command': '100000000x10 200000000x60' },
    fromMinute: 26,
    labels: labelsOf('command'),
    says: 'command-0 remembers nearly more than its memory holds; it dies when the heap is full, and again after each start.',
    // Garbage that is collected now and then.
    silent: { 'nodejs_heap_size_used_bytes@command': '100000000x10 200000000x7 100000000x1 200000000x7 100000000x60' },
  },
  BridgeCredentialsNotTaken: {
    series: { 'bridge_credentials_not_taken@ingest,server="kafka"': '0x10 1x60' },
    fromMinute: 21,
    labels: { ...labelsOf('ingest'), server: 'kafka' },
    says: 'ingest-0 cannot use the changed certificates or passwords for kafka; it goes on with the old ones.',
    silent: { 'bridge_credentials_not_taken@ingest,server="kafka"': '0x10 1x8 0x60' },
  },
  BridgeCertificateExpires: {
    series: {
      // Exactly fourteen days at minute 10.
      'bridge_certificate_not_after_timestamp_seconds@ingest,use="kafka_client"': '1210200x60',
    },
    fromMinute: 21,
    labels: { ...release, use: 'kafka_client' },
    says: 'The certificate for kafka_client ends in 13d 23h 49m 0s, and nobody has renewed it.',
    // Renewed at minute 8, late but in time.
    silent: { 'bridge_certificate_not_after_timestamp_seconds@ingest,use="kafka_client"': '1209600x7 2592000x60' },
  },
}
