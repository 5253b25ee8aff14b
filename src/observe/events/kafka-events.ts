import { count, define, one, text, texts } from './define-event.ts'

export const kafkaEvents = {
  kafka_connected: define({
    level: 'info',
    says: 'connected to Kafka',
    fields: { part: text('Which client of ours.'), brokers: texts('Addresses that were given.') },
    moves: () => [],
    clears: { event: 'kafka_unreachable', subject: (v) => v.part },
  }),
  kafka_unreachable: define({
    level: 'warn',
    says: 'Kafka cannot be reached; trying again',
    fields: {
      part: text('Which client of ours.'),
      code: text('Kind of failure.'),
      error: text('What the client said.'),
    },
    moves: (m) => [m.add('bridge_kafka_failures_total', one, (v) => ({ code: v.code }))],
    repeats: { subject: (v) => v.part, state: (v) => v.code },
  }),
  kafka_request_failed: define({
    level: 'debug',
    says: 'a request to Kafka failed',
    fields: { code: text('Kind of failure.'), error: text('What the client said.') },
    moves: (m) => [m.add('bridge_kafka_failures_total', one, (v) => ({ code: v.code }))],
  }),
  kafka_send_stalled: define({
    level: 'warn',
    says: 'Kafka does not take records: nothing is acknowledged until it does, the connections to MQTT stay up',
    fields: {
      code: text('Kind of failure.'),
      error: text('What the client said.'),
      pending: count('Records that wait.'),
    },
    moves: (m) => [
      m.set('bridge_kafka_stalled', one),
      m.add('bridge_kafka_stalls_total', one, (v) => ({ code: v.code })),
    ],
  }),
  kafka_send_recovered: define({
    level: 'info',
    says: 'Kafka takes records again',
    fields: { afterMs: count('How long it did not.') },
    moves: (m) => [m.set('bridge_kafka_stalled', () => 0)],
  }),
  kafka_producer_replaced: define({
    level: 'warn',
    says: 'a producer that no longer answers was replaced by a new one',
    fields: { reason: text('Why it was given up.') },
    moves: (m) => [m.add('bridge_kafka_producers_replaced_total', one)],
  }),
  transaction_committed: define({
    level: null,
    says: 'a transaction with its consumed offsets was committed',
    fields: { durationMs: count('From its begin to the answer.') },
    moves: (m) => [
      m.add('bridge_transactions_total', one),
      m.observe('bridge_transaction_duration_seconds', (v) => v.durationMs / 1000),
    ],
  }),
  kafka_partitions_assigned: define({
    level: 'info',
    says: 'partitions were assigned to this worker',
    fields: { group: text('Consumer group.'), topics: texts('Topics.'), partitions: count('Partitions now held.') },
    moves: (m) => [m.set('bridge_kafka_partitions', (v) => v.partitions), m.add('bridge_kafka_rebalances_total', one)],
  }),
  kafka_partitions_lost: define({
    level: 'info',
    says: 'partitions were taken from this worker; their unfinished work is left to the next owner',
    fields: {
      group: text('Consumer group.'),
      reason: text('Why.'),
      unfinished: count('Inputs left to the next owner.'),
    },
    moves: (m) => [m.set('bridge_kafka_partitions', () => 0)],
  }),
  kafka_topics_missing: define({
    level: 'error',
    says: 'topics are missing; create them with: bridge topics apply',
    fields: { topics: texts('Their names.') },
    moves: () => [],
    repeats: { subject: () => '', state: (v) => v.topics.join(' ') },
  }),
} as const
