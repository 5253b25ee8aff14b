/** Series by name and labels, values in promtool's notation, one a minute. Names without a namespace are of our pods. */
export type Series = Readonly<Record<string, string>>

function of(role: string, more = ''): string {
  return `{namespace="bridge",release="demo",role="${role}",pod="${role}-0"${more}}`
}

/** Which labels the series of a pod of this role have, as promtool wants them in an alert. */
export function labelsOf(role: string): Readonly<Record<string, string>> {
  return { namespace: 'bridge', release: 'demo', role, pod: `${role}-0` }
}

export const release = { namespace: 'bridge', release: 'demo' }

function ofAll(name: string, values: string): Series {
  return Object.fromEntries(['ingest', 'command', 'fleet', 'http'].map((role) => [`${name}${of(role)}`, values]))
}

/** A name such as `bridge_ready@ingest` or `bridge_kafka_failures_total@ingest,code="timeout"`, written out. */
export function writtenOut(short: string): string {
  const [, name, role, more] = /^([a-z_0-9]+)@([a-z]+)(.*)$/.exec(short) ?? []
  return name === undefined || role === undefined ? short : `${name}${of(role, more)}`
}

/** Four workers on a good day: nothing may fire. */
export const healthy: Series = {
  ...ofAll('up', '1x180'),
  ...ofAll('bridge_build_info', '1x180'),
  ...ofAll('bridge_ready', '1x180'),
  // One restart, as on an upgrade.
  ...ofAll('process_start_time_seconds', '0x60 3600x120'),
  ...ofAll('bridge_conservation_difference', '0x180'),
  ...ofAll('bridge_kafka_stalled', '0x180'),
  ...ofAll('bridge_mqtt_connections', '3x180'),
  ...ofAll('bridge_mqtt_sessions_lost_total', '0x180'),
  ...ofAll('bridge_mqtt_subscriptions_refused_total', '0x180'),
  ...ofAll('bridge_registry_available', '1x180'),
  ...ofAll('bridge_kafka_rebalances_total', '0x60 3x120'),
  ...ofAll('bridge_unexpected_errors_total', '0x180'),
  ...ofAll('nodejs_eventloop_lag_p99_seconds', '0.03x180'),
  ...ofAll('nodejs_heap_size_used_bytes', '100000000x180'),
  ...ofAll('bridge_heap_limit_bytes', '240000000x180'),
  ...Object.fromEntries(
    Object.entries({
      'bridge_messages_received_total@ingest': '0+60000x180',
      'bridge_mqtt_acknowledged_total@ingest': '0+60000x180',
      'bridge_mqtt_windows_full@ingest': '0x180',
      'bridge_broker_api_available@ingest': '1x180',
      'bridge_broker_until_drop_seconds@ingest,sessions="evt"': '99999999x60 7200x2 99999999x120',
      // Lost last week.
      'bridge_broker_queue_dropped_messages@ingest,sessions="evt"': '40x180',
      // A worker is away for as long as an upgrade takes.
      'bridge_broker_sessions@ingest,sessions="evt",state="away"': '0x60 2x5 0x120',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="0.1"': '0+59900x180',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="1"': '0+59950x180',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="10"': '0+60000x180',
      'bridge_mqtt_acknowledge_delay_seconds_bucket@ingest,le="+Inf"': '0+60000x180',
      'bridge_received_total@ingest': '0+60000x180',
      'bridge_dead_lettered_total@ingest,code="JSON_INVALID"': '0+60x180',
      'bridge_kafka_records_refused_total@ingest,code="PRODUCE_REJECTED"': '0x180',
      'bridge_mqtt_disconnects_total@ingest,reason="session_taken_over"': '0x60 1x120',
      'bridge_command_lag_seconds@command': '2x180',
      'bridge_command_statuses_total@command,status="ACCEPTED"': '0+60x180',
      'bridge_command_statuses_total@command,status="NO_SUBSCRIBER"': '0+2x180',
      'bridge_fleet_partition_restarts_total@fleet,code="fenced"': '0x180',
      'bridge_fleet_timer_lag_seconds@fleet': '0.3x180',
      'bridge_http_requests_total@http,route="shadow",status="2xx"': '0+600x180',
      'bridge_http_requests_total@http,route="shadow",status="5xx"': '0+1x180',
      'bridge_watchdog_stalls_total@ingest,part="kafka_sink"': '0x180',
      'bridge_certificate_not_after_timestamp_seconds@ingest,use="kafka_client"': '2592000x180',
      'bridge_certificate_not_after_timestamp_seconds@http,use="http_server"': '2592000x180',
    }).map(([name, values]) => [writtenOut(name), values]),
  ),
}
