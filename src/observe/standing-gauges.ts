import { Gauge, type Registry } from 'prom-client'

const ofSessions = ['sessions'] as const

/** Gauges that no event moves: they are read when somebody asks. */
export const standingGauges = [
  {
    name: 'bridge_build_info',
    help: 'Always 1; the labels say which build runs.',
    labels: ['version', 'node_version'],
  },
  {
    name: 'bridge_heap_limit_bytes',
    help: 'The most that the heap of Node.js may grow to (nodejs_heap_size_used_bytes); then the process dies.',
    labels: [],
  },
  {
    name: 'bridge_pending',
    help: 'Parts of inputs taken in and neither stored nor ignored yet.',
    labels: [],
  },
  {
    name: 'bridge_conservation_difference',
    help: 'Received minus produced, dead-lettered, ignored and pending. Anything but 0 is a bug.',
    labels: [],
  },
  {
    name: 'bridge_certificate_not_after_timestamp_seconds',
    help: 'When a certificate in the configuration ends; use: {server}_ca, {server}_client, http_server or http_ca.',
    labels: ['use'],
  },
  {
    name: 'bridge_mqtt_window_used_ratio',
    help: 'Unacknowledged messages of the fullest connection by mqtt.receiveMaximum; 1: nothing more comes in.',
    labels: [],
  },
  {
    name: 'bridge_broker_sessions',
    help: 'Sessions that the broker keeps for all ingest workers of the group; away: no worker reads them.',
    labels: ['sessions', 'state'],
  },
  {
    name: 'bridge_broker_queue_messages',
    help: 'Messages that wait at the broker in the queues of these sessions.',
    labels: ofSessions,
  },
  {
    name: 'bridge_broker_queue_limit_messages',
    help: 'The most messages that can wait for one of these sessions.',
    labels: ofSessions,
  },
  {
    name: 'bridge_broker_queue_used_ratio',
    help: 'The fullest queue of these sessions; 1: the broker drops the oldest.',
    labels: ofSessions,
  },
  {
    name: 'bridge_broker_queue_dropped_messages',
    help: 'Messages that the broker has dropped from full queues, since these sessions began.',
    labels: ofSessions,
  },
  {
    name: 'bridge_broker_inflight_used_ratio',
    help: 'The fullest window of these sessions as the broker sees it; 1: the rest waits in the queue.',
    labels: ofSessions,
  },
  {
    name: 'bridge_broker_until_drop_seconds',
    help: 'Until the first queue of these sessions is full, if they go on growing as they do.',
    labels: ofSessions,
  },
  {
    name: 'bridge_broker_outage_budget_seconds',
    help: 'How long these sessions can hold what comes in if nothing is acknowledged from now on.',
    labels: ofSessions,
  },
] as const

export type StandingGauge = (typeof standingGauges)[number]['name']

/** Values of a gauge by their labels; those that are not there now are not shown. */
export type Readings = Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>

/** Says where the values of a standing gauge come from. */
export type SetStanding = (name: StandingGauge, read: () => Readings | Promise<Readings>) => void

/** Keeps the standing gauges. One without labels is 0 until somebody says where its value comes from. */
export class Standing {
  readonly #sources = new Map<StandingGauge, () => Readings | Promise<Readings>>()

  constructor(registry: Registry) {
    for (const { name, help, labels } of standingGauges) {
      const read = (): Readings | Promise<Readings> => this.#sources.get(name)?.() ?? []
      const gauge = new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [],
        // What can be read at once is read at the same moment as all the others.
        collect() {
          const found = read()
          return found instanceof Promise ? found.then((readings) => fill(this, readings)) : fill(this, found)
        },
      })
      registry.registerMetric(gauge)
    }
  }

  readonly set: SetStanding = (name, read) => {
    this.#sources.set(name, read)
  }
}

function fill(gauge: Gauge, readings: Readings): void {
  gauge.reset()
  for (const [labels, value] of readings) gauge.set(labels, value)
}
