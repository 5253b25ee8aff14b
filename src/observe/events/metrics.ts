import {
  brokerApiFailures,
  commandStates,
  deadLetterCodes,
  httpRoutes,
  ignoreReasons,
  inputs,
  jobStates,
  kafkaFailures,
  mqttReasons,
  openExecutionStates,
  publishResults,
  registryResults,
  servers,
  slotResults,
  statusClasses,
  watched,
} from './closed-sets.ts'

/** Label name to the values it can have. */
export type Labels = Readonly<Record<string, readonly string[]>>

export interface Counter<L extends Labels = Labels> {
  readonly kind: 'counter'
  readonly help: string
  readonly labels: L
}

export interface Gauge<L extends Labels = Labels> {
  readonly kind: 'gauge'
  readonly help: string
  readonly labels: L
}

export interface Histogram<L extends Labels = Labels> {
  readonly kind: 'histogram'
  readonly help: string
  readonly labels: L
  readonly buckets: readonly number[]
}

export type Metric = Counter | Gauge | Histogram

function counter<const L extends Labels>(help: string, labels: L): Counter<L> {
  return { kind: 'counter', help, labels }
}

function gauge<const L extends Labels>(help: string, labels: L): Gauge<L> {
  return { kind: 'gauge', help, labels }
}

function histogram<const L extends Labels>(help: string, buckets: readonly number[], labels: L): Histogram<L> {
  return { kind: 'histogram', help, buckets, labels }
}

/** A metric with one series. */
const plain = {}

const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const sizes = [1, 10, 50, 100, 250, 500, 1000, 2500, 5000]

/** Every metric of the bridge that an event moves. Names follow the rules of `promtool check metrics`. */
export const metrics = {
  bridge_received_total: counter('Parts of inputs taken in: a message, or an item of a batch of punches.', plain),
  bridge_produced_total: counter('Parts of inputs that Kafka has stored as records.', plain),
  bridge_dead_lettered_total: counter('Parts of inputs that Kafka has stored as dead letters.', {
    code: deadLetterCodes,
  }),
  bridge_ignored_total: counter('Parts of inputs dropped on purpose.', { reason: ignoreReasons }),
  bridge_messages_received_total: counter('Inputs taken in.', { input: inputs }),

  bridge_process_stopping: gauge('1 from the moment the process was asked to stop.', plain),
  bridge_process_drain_duration_seconds: gauge('How long the last drain took.', plain),
  bridge_unexpected_errors_total: counter('Errors nobody planned for. Each one is a bug.', plain),
  bridge_watchdog_stalls_total: counter('Times that work was pending and nothing finished.', { part: watched }),
  bridge_ready: gauge('1 when every condition of readiness holds.', plain),

  bridge_credentials_reloads_total: counter(
    'Times that changed files of certificates, keys or passwords came into use without a restart.',
    { server: servers },
  ),
  bridge_credentials_not_taken: gauge(
    '1 while files of certificates, keys or passwords hold something that cannot be used: the old is in use.',
    { server: servers },
  ),

  bridge_mqtt_connections: gauge('Connections to the MQTT broker that stand.', plain),
  bridge_mqtt_connects_total: counter('Connects to the MQTT broker.', { session: ['new', 'resumed'] }),
  bridge_mqtt_disconnects_total: counter('Connections that ended, or could not be made.', { reason: mqttReasons }),
  bridge_mqtt_sessions_lost_total: counter('Sessions that the broker threw away with all that waited in them.', plain),
  bridge_mqtt_taken_over_total: counter('Times that another client took a session of this worker over.', plain),
  bridge_mqtt_slots_total: counter(
    'Slots that were given up for good, had to be kept, were adopted, or whose worker returned meanwhile.',
    { result: slotResults },
  ),
  bridge_mqtt_orphan_slots: gauge(
    'Slots that nobody runs, that this worker is to adopt, and whose sessions are not emptied yet.',
    plain,
  ),
  bridge_mqtt_subscriptions_refused_total: counter('Subscriptions that the broker refused.', plain),
  bridge_mqtt_received_bytes_total: counter('Bytes of payload received.', plain),
  bridge_mqtt_redeliveries_total: counter('Messages received with the DUP flag.', plain),
  bridge_mqtt_acknowledged_total: counter('Messages acknowledged to the broker.', plain),
  bridge_mqtt_stale_acknowledgements_total: counter(
    'Acknowledgements dropped because their connection was over.',
    plain,
  ),
  bridge_mqtt_acknowledge_delay_seconds: histogram(
    'From receiving a message to acknowledging it; the oldest of each run.',
    durations,
    plain,
  ),
  bridge_mqtt_windows_full: gauge('Connections whose window is full: the broker waits for Kafka.', plain),
  bridge_mqtt_overruns_total: counter('Times that a broker sent more than the Receive Maximum and was held.', plain),
  bridge_mqtt_published_total: counter('Messages published to devices.', { result: publishResults }),
  bridge_mqtt_publications_in_flight: gauge('Publications to devices that the broker has not answered.', plain),
  bridge_mqtt_publish_window: gauge(
    'Most publications to devices that may be in flight; 0 without a connection.',
    plain,
  ),

  bridge_broker_api_available: gauge('1 while the REST API of EMQX answers; 0 also when none is configured.', plain),
  bridge_broker_api_failures_total: counter('Looks at the queues of our sessions that failed.', {
    code: brokerApiFailures,
  }),

  bridge_kafka_send_duration_seconds: histogram('Duration of one send, retries included.', durations, plain),
  bridge_kafka_send_records: histogram('Records in one send.', sizes, plain),
  bridge_transactions_total: counter('Transactions committed.', plain),
  bridge_transaction_duration_seconds: histogram('Duration of one transaction.', durations, plain),
  bridge_fleet_restored_records_total: counter('State records of things and jobs read back.', plain),
  bridge_fleet_partition_restarts_total: counter('Partitions whose owner had to start over.', { code: kafkaFailures }),
  bridge_fleet_unrestored_records: gauge(
    'State records, at most, that are still to be read back before inputs are taken.',
    plain,
  ),
  bridge_fleet_commands_open: gauge('Commands to things that wait for an answer.', plain),
  bridge_fleet_executions_open: gauge('Job executions that have not ended.', { status: openExecutionStates }),
  bridge_fleet_jobs: gauge('Jobs, until they are deleted.', { status: jobStates }),
  bridge_fleet_timer_lag_seconds: gauge('How late the timer of a thing is that should have fired first.', plain),
  bridge_things: gauge('Things that are registered.', plain),
  bridge_kafka_sent_bytes_total: counter('Bytes of records that Kafka has stored, before compression.', plain),
  bridge_kafka_failures_total: counter('Requests to Kafka that failed.', { code: kafkaFailures }),
  bridge_kafka_stalled: gauge('1 while Kafka does not take records.', plain),
  bridge_kafka_stalls_total: counter('Times that Kafka stopped taking records.', { code: kafkaFailures }),
  bridge_kafka_producers_replaced_total: counter('Producers given up and replaced.', plain),
  bridge_kafka_records_refused_total: counter('Records that Kafka or the encoder refused for good.', {
    code: deadLetterCodes,
  }),
  bridge_kafka_rebalances_total: counter('Rebalances of consumer groups.', plain),
  bridge_kafka_partitions: gauge('Partitions assigned to this worker.', plain),

  bridge_registry_lookups_total: counter('Lookups of schemas.', { result: registryResults }),
  bridge_registry_lookup_duration_seconds: histogram('Duration of one lookup.', durations, plain),
  bridge_registry_available: gauge('1 unless the last request to the schema registry failed.', plain),

  bridge_devices: gauge('Devices that the device topic knows.', plain),
  bridge_device_changes_total: counter('Records of the device topic that changed an entry.', plain),
  bridge_device_records_unreadable_total: counter('Records of the device topic that could not be read.', plain),

  bridge_command_requests_total: counter('Command requests read.', plain),
  bridge_command_statuses_total: counter('Command statuses written.', { status: commandStates }),
  bridge_command_unknown_ops_total: counter('Commands published with an op that is not in the catalogue.', plain),
  bridge_commands_misplaced_total: counter(
    'Commands on another partition than their serial belongs on: the answer of the device is not seen.',
    plain,
  ),
  bridge_command_lag_seconds: gauge('Age of the oldest command request that is not finished with.', plain),
  bridge_command_lag_records: gauge('Command requests on Kafka that are not finished with.', plain),
  bridge_command_age_at_publish_seconds: histogram(
    'From the Kafka timestamp of a command request to its first publication.',
    durations,
    plain,
  ),
  bridge_commands_waiting: gauge('Commands that wait for their device.', plain),
  bridge_commands_known: gauge('Commands that are remembered.', plain),

  bridge_http_requests_total: counter('HTTP requests answered.', { route: httpRoutes, status: statusClasses }),
  bridge_http_request_duration_seconds: histogram('Duration of one HTTP request.', durations, { route: httpRoutes }),
} as const

type Metrics = typeof metrics
export type MetricName = keyof Metrics
export type NamesOf<Kind extends Metric['kind']> = {
  [Name in MetricName]: Metrics[Name]['kind'] extends Kind ? Name : never
}[MetricName]
export type LabelsOf<Name extends MetricName> = { readonly [Label in keyof Metrics[Name]['labels']]: string }
