import { count, counts, define, flag, one, orNull, tally, text } from './define-event.ts'

const connection = text('Client id of the connection.')

export const mqttEvents = {
  mqtt_connecting: define({
    level: 'debug',
    says: 'connecting to the MQTT broker',
    fields: { connection, url: text('Address of the broker.') },
    moves: () => [],
  }),
  mqtt_connected: define({
    level: 'info',
    says: 'connected to the MQTT broker',
    fields: {
      connection,
      sessionPresent: flag('The broker kept the session.'),
      receiveMaximum: count('What the broker lets us have in flight towards it.'),
    },
    moves: (m) => [
      m.change('bridge_mqtt_connections', one),
      m.add('bridge_mqtt_connects_total', one, (v) => ({ session: v.sessionPresent ? 'resumed' : 'new' })),
    ],
    clears: { event: 'mqtt_disconnected', subject: (v) => v.connection },
  }),
  mqtt_subscribed: define({
    level: 'info',
    says: 'the MQTT broker granted every subscription',
    fields: { connection, filters: count('Topic filters.') },
    moves: () => [],
    clears: { event: 'mqtt_subscription_refused', subject: (v) => v.connection },
  }),
  mqtt_subscription_refused: define({
    level: 'error',
    says: 'the MQTT broker refused a subscription; allow it in the ACL of this user, the bridge keeps asking',
    fields: { connection, reasonCode: count('Reason code of the SUBACK.') },
    moves: (m) => [m.add('bridge_mqtt_subscriptions_refused_total', one)],
    repeats: { subject: (v) => v.connection, state: (v) => String(v.reasonCode) },
  }),
  mqtt_disconnected: define({
    level: 'warn',
    says: 'no connection to the MQTT broker; trying again',
    fields: {
      connection,
      reason: text('Name of the reason code, or how the connection failed.'),
      wasConnected: flag('It stood before; else it could not be made.'),
      sessionGone: flag('The broker has thrown the session away.'),
      retryInMs: count('Wait before the next attempt.'),
    },
    moves: (m) => [
      m.change('bridge_mqtt_connections', (v) => (v.wasConnected ? -1 : 0)),
      m.add('bridge_mqtt_disconnects_total', one, (v) => ({ reason: v.reason })),
      m.add('bridge_mqtt_sessions_lost_total', (v) => (v.sessionGone ? 1 : 0)),
    ],
    repeats: { subject: (v) => v.connection, state: (v) => v.reason },
  }),
  mqtt_taken_over: define({
    level: 'error',
    says: 'another client took this session over: stepping back; no two workers may have the same mqtt.slot',
    fields: { connection, retryInMs: count('Wait before the next attempt; doubles each time.') },
    moves: (m) => [m.add('bridge_mqtt_taken_over_total', one)],
  }),
  mqtt_closed: define({
    level: 'info',
    says: 'the connection to the MQTT broker is closed, as asked',
    fields: {
      connection,
      wasConnected: flag('It stood until now.'),
      unacknowledged: count('Messages the broker will repeat.'),
    },
    moves: (m) => [m.change('bridge_mqtt_connections', (v) => (v.wasConnected ? -1 : 0))],
  }),
  mqtt_session_lost: define({
    level: 'warn',
    says: 'the MQTT broker has no session of ours: what waited in it is gone',
    fields: { connection },
    moves: (m) => [m.add('bridge_mqtt_sessions_lost_total', one)],
  }),
  mqtt_credentials_unreadable: define({
    level: 'error',
    says: 'a certificate, key or password file of the MQTT connection cannot be used; going on with what was read before, if anything was',
    fields: { connection, error: text('The file, and what is wrong with it.') },
    moves: () => [],
    repeats: { subject: (v) => v.connection, state: (v) => v.error },
  }),
  mqtt_window_full: define({
    level: 'warn',
    says: 'the window is full: Kafka is slower than the MQTT broker, nothing more is acknowledged until it answers',
    fields: { connection, unacknowledged: count('Messages held.') },
    moves: (m) => [m.change('bridge_mqtt_windows_full', one)],
  }),
  mqtt_window_open: define({
    level: 'info',
    says: 'the window has room again',
    fields: { connection, afterMs: count('How long it was full.') },
    moves: (m) => [m.change('bridge_mqtt_windows_full', () => -1)],
  }),
  mqtt_overrun_held: define({
    level: 'warn',
    says: 'the MQTT broker sends more than the Receive Maximum: its connection is not read for a while',
    fields: { connection, unacknowledged: count('Messages held.'), receiveMaximum: count('What we announced.') },
    moves: (m) => [m.add('bridge_mqtt_overruns_total', one)],
  }),
  mqtt_overrun_released: define({
    level: 'info',
    says: 'the connection is read again',
    fields: { connection, afterMs: count('How long it was not read.') },
    moves: () => [],
  }),
  mqtt_received: define({
    level: null,
    says: 'a run of messages came in',
    fields: { bytes: count('Bytes of payload.'), redelivered: count('Messages with the DUP flag.') },
    moves: (m) => [
      m.add('bridge_mqtt_received_bytes_total', (v) => v.bytes),
      m.add('bridge_mqtt_redeliveries_total', (v) => v.redelivered),
    ],
  }),
  mqtt_acknowledged: define({
    level: null,
    says: 'a run of messages was acknowledged',
    fields: {
      messages: count('Messages.'),
      stale: count('Acknowledgements dropped because their connection is over.'),
      oldestMs: orNull(count('From receiving the oldest of them until now; null when not measured.')),
    },
    moves: (m) => [
      m.add('bridge_mqtt_acknowledged_total', (v) => v.messages),
      m.add('bridge_mqtt_stale_acknowledgements_total', (v) => v.stale),
      m.observe('bridge_mqtt_acknowledge_delay_seconds', (v) => (v.oldestMs === null ? null : v.oldestMs / 1000)),
    ],
  }),
  mqtt_published: define({
    level: null,
    says: 'a run of publications was answered',
    fields: { results: tally('Publications by result: accepted, no_subscriber, refused, expired.') },
    moves: (m) => [m.addEach('bridge_mqtt_published_total', 'result', (v) => v.results)],
  }),
  mqtt_commands_sent: define({
    level: null,
    says: 'commands were sent to the MQTT broker for the first time',
    fields: { agesMs: counts('Age of each request, by its Kafka timestamp.') },
    moves: (m) => [m.observe('bridge_command_age_at_publish_seconds', (v) => v.agesMs.map((ms) => ms / 1000))],
  }),
  mqtt_publications_counted: define({
    level: null,
    says: 'more or fewer publications are in flight than a moment ago, or the window has changed',
    fields: {
      inFlight: count('Change of the number of publications that the broker has not answered.'),
      window: count('Change of the most that may be in flight.'),
    },
    moves: (m) => [
      m.change('bridge_mqtt_publications_in_flight', (v) => v.inFlight),
      m.change('bridge_mqtt_publish_window', (v) => v.window),
    ],
  }),
} as const
