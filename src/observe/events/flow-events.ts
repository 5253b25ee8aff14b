import { count, define, one, tally, text } from './define-event.ts'

const sum = (tallied: ReadonlyMap<string, number>): number => {
  let total = 0
  for (const n of tallied.values()) total += n
  return total
}

/** Inputs, their parts, and what became of them. Emitted once for each run of messages, never for each message. */
export const flowEvents = {
  inputs_decided: define({
    level: null,
    says: 'a run of inputs has been decided on',
    fields: {
      input: text('Where they came from: mqtt, kafka or http.'),
      messages: count('Messages.'),
      received: count('Parts of messages, one for each outcome.'),
      ignored: tally('Parts dropped on purpose, by reason.'),
    },
    moves: (m) => [
      m.add(
        'bridge_messages_received_total',
        (v) => v.messages,
        (v) => ({ input: v.input }),
      ),
      m.add('bridge_received_total', (v) => v.received),
      m.addEach('bridge_ignored_total', 'reason', (v) => v.ignored),
    ],
  }),
  batch_stored: define({
    level: null,
    says: 'Kafka has stored a batch',
    fields: {
      records: count('Records, dead letters included.'),
      deadLetters: tally('Dead letters among them, by code.'),
      bytes: count('Bytes of records before compression.'),
      durationMs: count('From the send to the answer, retries included.'),
    },
    moves: (m) => [
      m.add('bridge_produced_total', (v) => v.records - sum(v.deadLetters)),
      m.addEach('bridge_dead_lettered_total', 'code', (v) => v.deadLetters),
      m.add('bridge_kafka_sent_bytes_total', (v) => v.bytes),
      m.observe('bridge_kafka_send_duration_seconds', (v) => v.durationMs / 1000),
      m.observe('bridge_kafka_send_records', (v) => v.records),
    ],
  }),
  record_refused: define({
    level: 'warn',
    says: 'a record was refused for good; a dead letter or an error answer takes its place',
    fields: {
      channel: text('Channel of the record.'),
      code: text('Dead-letter code.'),
      error: text('What the encoder or Kafka said.'),
    },
    moves: (m) => [m.add('bridge_kafka_records_refused_total', one, (v) => ({ code: v.code }))],
  }),
  unexpected_error: define({
    level: 'error',
    says: 'an error nobody planned for: a bug',
    fields: { where: text('Part of the bridge.'), error: text('The error.') },
    moves: (m) => [m.add('bridge_unexpected_errors_total', one)],
  }),
} as const
