import { count, define, one, text } from './define-event.ts'

const connection = text('Client id of the session.')

export const brokerEvents = {
  broker_api_answers: define({
    level: 'info',
    says: 'the REST API of EMQX answers: the queues of our sessions are watched',
    fields: { url: text('Its address.'), sessions: count('Sessions of ours that it knows, of all workers.') },
    moves: (m) => [m.set('bridge_broker_api_available', one)],
    clears: { event: 'broker_api_failed', subject: () => '' },
  }),
  broker_api_failed: define({
    level: 'warn',
    says: 'the REST API of EMQX does not tell: nobody watches the queues of our sessions; messages flow as before',
    fields: { code: text('Kind of failure.'), error: text('What happened.') },
    moves: (m) => [
      m.set('bridge_broker_api_available', () => 0),
      m.add('bridge_broker_api_failures_total', one, (v) => ({ code: v.code })),
    ],
    repeats: { subject: () => '', state: (v) => v.code },
  }),
  broker_queue_dropped: define({
    level: 'error',
    says: 'the queue of a session is full and EMQX drops the oldest messages: they are lost; see docs/sizing.md',
    fields: {
      connection,
      dropped: count('Messages dropped since the look before.'),
      total: count('Messages dropped since the session began.'),
    },
    moves: () => [],
    repeats: { subject: (v) => v.connection, state: () => 'dropping' },
  }),
  broker_queue_kept: define({
    level: 'info',
    says: 'no more messages of this session are dropped by EMQX',
    fields: { connection, total: count('Messages dropped since the session began.') },
    moves: () => [],
    clears: { event: 'broker_queue_dropped', subject: (v) => v.connection },
  }),
} as const
