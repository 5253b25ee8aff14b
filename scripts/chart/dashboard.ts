/** One panel: title, what it says, unit, queries with their legends. */
interface Panel {
  readonly title: string
  readonly says: string
  readonly unit: string
  readonly kind: 'stat' | 'timeseries'
  readonly queries: readonly (readonly [expr: string, legend: string])[]
}

const of = 'namespace="$namespace",release="$release"'
const ofPods = `${of},role=~"$role",pod=~"$pod"`

function rate(metric: string, by = '', more = ''): string {
  return `sum${by === '' ? '' : ` by (${by})`} (rate(${metric}{${ofPods}${more}}[$__rate_interval]))`
}

function quantile(q: number, metric: string): string {
  return `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket{${ofPods}}[$__rate_interval])))`
}

function panel(kind: Panel['kind'], title: string, unit: string, says: string, ...queries: Panel['queries']): Panel {
  return { title, says, unit, kind, queries }
}

const rows: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'Overview',
    [
      panel('stat', 'Ready', 'none', 'Workers that hold every condition of readiness.', [
        `sum(bridge_ready{${of}})`,
        'ready',
      ]),
      panel('stat', 'In', 'cps', 'Messages and records taken in.', [rate('bridge_messages_received_total'), 'in']),
      panel('stat', 'Stored', 'cps', 'Records that Kafka has stored.', [rate('bridge_produced_total'), 'stored']),
      panel('stat', 'Dead letters', 'cps', 'Inputs that became a dead letter.', [
        rate('bridge_dead_lettered_total'),
        'dead letters',
      ]),
      panel('stat', 'Unaccounted', 'none', 'In, and neither stored, ignored nor pending. Anything but 0 is a bug.', [
        `sum(abs(bridge_conservation_difference{${of}}))`,
        'unaccounted',
      ]),
      panel('stat', 'Builds', 'none', 'Pods by version.', [
        `count by (version) (bridge_build_info{${of}})`,
        '{{version}}',
      ]),
    ],
  ],
  [
    'MQTT to Kafka',
    [
      panel('timeseries', 'Inputs', 'cps', 'Taken in, by kind of input.', [
        rate('bridge_messages_received_total', 'input'),
        '{{input}}',
      ]),
      panel(
        'timeseries',
        'Outcomes',
        'cps',
        'What became of them.',
        [rate('bridge_produced_total'), 'stored'],
        [rate('bridge_dead_lettered_total'), 'dead letter'],
        [rate('bridge_ignored_total'), 'ignored'],
      ),
      panel('timeseries', 'Dead letters by code', 'cps', 'Why; see docs/runbook.md.', [
        rate('bridge_dead_lettered_total', 'code'),
        '{{code}}',
      ]),
      panel(
        'timeseries',
        'From arrival to acknowledgement',
        's',
        'Kafka has stored the message in between.',
        [quantile(0.5, 'bridge_mqtt_acknowledge_delay_seconds'), 'p50'],
        [quantile(0.99, 'bridge_mqtt_acknowledge_delay_seconds'), 'p99'],
      ),
      panel(
        'timeseries',
        'Pending and full windows',
        'none',
        'A full window means that Kafka is slower than the broker.',
        [`sum(bridge_pending{${ofPods}})`, 'pending'],
        [`sum(bridge_mqtt_windows_full{${ofPods}})`, 'full windows'],
      ),
      panel(
        'timeseries',
        'Connections',
        'none',
        'Standing connections, and ends by reason.',
        [`sum by (pod) (bridge_mqtt_connections{${ofPods}})`, '{{pod}}'],
        [
          `sum by (reason) (increase(bridge_mqtt_disconnects_total{${ofPods}}[$__rate_interval])) > 0`,
          'ended: {{reason}}',
        ],
      ),
      panel(
        'timeseries',
        'Repeats and lost sessions',
        'cps',
        'Redelivered messages, and sessions that the broker threw away.',
        [rate('bridge_mqtt_redeliveries_total'), 'redelivered'],
        [rate('bridge_mqtt_sessions_lost_total'), 'sessions lost'],
      ),
      panel('timeseries', 'Payload', 'Bps', 'Bytes received from the broker.', [
        rate('bridge_mqtt_received_bytes_total'),
        'received',
      ]),
    ],
  ],
  [
    'Queues at the broker',
    [
      panel('timeseries', 'Until the broker drops', 's', 'If the queues go on growing as they do; needs emqx.rest.', [
        `min by (sessions) (bridge_broker_until_drop_seconds{${ofPods}})`,
        '{{sessions}}',
      ]),
      panel('timeseries', 'Outage that the queues can hold', 's', 'If nothing were acknowledged from now on.', [
        `min by (sessions) (bridge_broker_outage_budget_seconds{${ofPods}})`,
        '{{sessions}}',
      ]),
      panel(
        'timeseries',
        'Waiting at the broker',
        'none',
        'In the queues of all sessions of the group, and dropped since the sessions began.',
        [`max by (sessions) (bridge_broker_queue_messages{${ofPods}})`, '{{sessions}}'],
        [`max by (sessions) (bridge_broker_queue_dropped_messages{${ofPods}})`, 'dropped: {{sessions}}'],
      ),
      panel(
        'timeseries',
        'Fullest queue and window',
        'percentunit',
        'A full queue drops its oldest message; a full window lets the queue grow.',
        [`max by (sessions) (bridge_broker_queue_used_ratio{${ofPods}})`, 'queue: {{sessions}}'],
        [`max by (sessions) (bridge_broker_inflight_used_ratio{${ofPods}})`, 'window: {{sessions}}'],
        [`max(bridge_mqtt_window_used_ratio{${ofPods}})`, 'window of a worker'],
      ),
      panel(
        'timeseries',
        'Sessions',
        'none',
        'Connected, and away: nobody reads those.',
        [`max by (sessions, state) (bridge_broker_sessions{${ofPods}})`, '{{sessions}} {{state}}'],
        [`max(bridge_broker_api_available{${ofPods}})`, 'REST API answers'],
      ),
    ],
  ],
  [
    'Kafka and registry',
    [
      panel(
        'timeseries',
        'Sends',
        's',
        'Duration of one send, retries included.',
        [quantile(0.5, 'bridge_kafka_send_duration_seconds'), 'p50'],
        [quantile(0.99, 'bridge_kafka_send_duration_seconds'), 'p99'],
      ),
      panel('timeseries', 'Records in one send', 'none', 'Half of the sends have more.', [
        quantile(0.5, 'bridge_kafka_send_records'),
        'p50',
      ]),
      panel(
        'timeseries',
        'Failures',
        'cps',
        'Failed requests by kind, and records refused for good.',
        [rate('bridge_kafka_failures_total', 'code'), '{{code}}'],
        [rate('bridge_kafka_records_refused_total', 'code'), 'refused: {{code}}'],
      ),
      panel(
        'timeseries',
        'Stalled, and the registry',
        'none',
        '1: Kafka takes no records; 0: the registry does not answer.',
        [`max(bridge_kafka_stalled{${ofPods}})`, 'Kafka stalled'],
        [`min(bridge_registry_available{${ofPods}})`, 'registry answers'],
      ),
      panel('timeseries', 'Partitions', 'none', 'Held by each pod.', [
        `sum by (pod) (bridge_kafka_partitions{${ofPods}})`,
        '{{pod}}',
      ]),
      panel('timeseries', 'Rebalances', 'none', 'Each one stops work for a moment.', [
        `sum by (role) (increase(bridge_kafka_rebalances_total{${ofPods}}[$__rate_interval]))`,
        '{{role}}',
      ]),
    ],
  ],
  [
    'Commands',
    [
      panel('timeseries', 'Lag', 's', 'Age of the oldest command that is not finished with.', [
        `max(bridge_command_lag_seconds{${ofPods}})`,
        'lag',
      ]),
      panel('timeseries', 'Lag in commands', 'none', 'Commands on Kafka that are not finished with, by pod.', [
        `sum by (pod) (bridge_command_lag_records{${ofPods}})`,
        '{{pod}}',
      ]),
      panel(
        'timeseries',
        'Age at publish',
        's',
        'From the Kafka timestamp of a command to its first publication.',
        [quantile(0.5, 'bridge_command_age_at_publish_seconds'), 'p50'],
        [quantile(0.99, 'bridge_command_age_at_publish_seconds'), 'p99'],
      ),
      panel(
        'timeseries',
        'Window towards devices',
        'none',
        'Publications that the broker has not answered, and the most that may be.',
        [`sum(bridge_mqtt_publications_in_flight{${ofPods}})`, 'in flight'],
        [`sum(bridge_mqtt_publish_window{${ofPods}})`, 'window'],
      ),
      panel('timeseries', 'Statuses', 'cps', 'Statuses written.', [
        rate('bridge_command_statuses_total', 'status'),
        '{{status}}',
      ]),
      panel('timeseries', 'Publications', 'cps', 'What the broker answered.', [
        rate('bridge_mqtt_published_total', 'result'),
        '{{result}}',
      ]),
      panel(
        'timeseries',
        'Waiting and known',
        'none',
        'Commands that wait for their device, and all that are remembered.',
        [`sum(bridge_commands_waiting{${ofPods}})`, 'waiting'],
        [`sum(bridge_commands_known{${ofPods}})`, 'known'],
      ),
    ],
  ],
  [
    'Things',
    [
      panel('timeseries', 'Transactions', 'cps', 'One for each run of inputs of a partition.', [
        rate('bridge_transactions_total'),
        'committed',
      ]),
      panel(
        'timeseries',
        'Duration of a transaction',
        's',
        'Half of them, and 99 of 100.',
        [quantile(0.5, 'bridge_transaction_duration_seconds'), 'p50'],
        [quantile(0.99, 'bridge_transaction_duration_seconds'), 'p99'],
      ),
      panel('timeseries', 'Registered things', 'none', 'Every worker knows all of them.', [
        `max(bridge_things{${ofPods}})`,
        'things',
      ]),
      panel(
        'timeseries',
        'Open executions',
        'none',
        'Commands that wait for an answer, and job executions that have not ended.',
        [`sum(bridge_fleet_commands_open{${ofPods}})`, 'commands'],
        [`sum by (status) (bridge_fleet_executions_open{${ofPods}})`, 'jobs: {{status}}'],
      ),
      panel('timeseries', 'Jobs', 'none', 'By state, until they are deleted.', [
        `sum by (status) (bridge_fleet_jobs{${ofPods}})`,
        '{{status}}',
      ]),
      panel('timeseries', 'Timer lag', 's', 'How late the latest timeout is. More than 1 s: look at transactions.', [
        `max(bridge_fleet_timer_lag_seconds{${ofPods}})`,
        'lag',
      ]),
      panel('timeseries', 'Still to be restored', 'none', 'State records to read back before a worker takes inputs.', [
        `sum by (pod) (bridge_fleet_unrestored_records{${ofPods}})`,
        '{{pod}}',
      ]),
      panel('timeseries', 'Restarts of partitions', 'none', 'An owner had to start over, by kind of failure.', [
        `sum by (code) (increase(bridge_fleet_partition_restarts_total{${ofPods}}[$__rate_interval])) > 0`,
        '{{code}}',
      ]),
    ],
  ],
  [
    'HTTP',
    [
      panel('timeseries', 'Requests', 'reqps', 'Requests for shadows by status.', [
        rate('bridge_http_requests_total', 'status', ',route="shadow"'),
        '{{status}}',
      ]),
      panel('timeseries', 'Duration', 's', 'All routes, 99 of 100 requests.', [
        quantile(0.99, 'bridge_http_request_duration_seconds'),
        'p99',
      ]),
    ],
  ],
  [
    'Process',
    [
      panel('timeseries', 'CPU', 'none', 'Cores; one process can use little more than one.', [
        `sum by (pod) (rate(process_cpu_seconds_total{${ofPods}}[$__rate_interval]))`,
        '{{pod}}',
      ]),
      panel('timeseries', 'Certificates', 's', 'Until the first one of each use ends.', [
        `min by (use) (bridge_certificate_not_after_timestamp_seconds{${ofPods}}) - time()`,
        '{{use}}',
      ]),
      panel('timeseries', 'Event loop lag', 's', 'Over 0.1 s the process has too much to do.', [
        `max by (pod) (nodejs_eventloop_lag_p99_seconds{${ofPods}})`,
        '{{pod}}',
      ]),
      panel(
        'timeseries',
        'Memory',
        'bytes',
        'Of the process, and of that the heap.',
        [`max by (pod) (process_resident_memory_bytes{${ofPods}})`, '{{pod}}'],
        [`max by (pod) (nodejs_heap_size_used_bytes{${ofPods}})`, '{{pod}} heap'],
        [`max by (pod) (bridge_heap_limit_bytes{${ofPods}})`, '{{pod}} heap, at most'],
      ),
      panel(
        'timeseries',
        'Starts and surprises',
        'none',
        'Starts, watchdog stalls and errors nobody planned for.',
        [`sum by (pod) (changes(process_start_time_seconds{${ofPods}}[$__rate_interval]))`, '{{pod}} started'],
        [
          `sum by (part) (increase(bridge_watchdog_stalls_total{${ofPods}}[$__rate_interval])) > 0`,
          'stalled: {{part}}',
        ],
        [`sum(increase(bridge_unexpected_errors_total{${ofPods}}[$__rate_interval])) > 0`, 'unexpected errors'],
      ),
    ],
  ],
]

const source = { type: 'prometheus', uid: '$datasource' }

/** The Grafana dashboard of the bridge as JSON text. */
export function dashboard(): string {
  const panels: object[] = []
  let y = 0
  for (const [title, members] of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    })
    y += 1
    let x = 0
    let height = 0
    for (const one of members) {
      const [w, h] = one.kind === 'stat' ? [4, 4] : [12, 8]
      if (x + w > 24) {
        x = 0
        y += height
      }
      panels.push(panelJson(one, panels.length + 1, { x, y, w, h }))
      x += w
      height = h
    }
    y += height
  }
  const page = {
    uid: 'emqx-kafka-bridge',
    title: 'EMQX Kafka bridge',
    tags: ['emqx', 'kafka', 'bridge'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('namespace', 'bridge_build_info', false),
        variable('release', 'bridge_build_info{namespace="$namespace"}', false),
        variable('role', `bridge_build_info{${of}}`, true),
        variable('pod', `bridge_build_info{${of},role=~"$role"}`, true),
      ],
    },
    panels,
  }
  return `${JSON.stringify(page, null, 2)}\n`
}

function variable(name: string, series: string, many: boolean): object {
  const all = many ? { includeAll: true, multi: true, allValue: '.*' } : {}
  return {
    name,
    type: 'query',
    datasource: source,
    query: `label_values(${series}, ${name})`,
    refresh: 2,
    sort: 1,
    ...all,
  }
}

function panelJson({ title, says, unit, kind, queries }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: kind,
    title,
    description: says,
    gridPos,
    datasource: source,
    fieldConfig: { defaults: { unit, min: unit === 'none' ? null : 0 }, overrides: [] },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: source,
      expr,
      legendFormat,
    })),
  }
}
