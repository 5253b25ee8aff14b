import { z } from 'zod'
import { group, mapOption, option, secret } from './option.ts'
import {
  flag,
  groupName,
  hostAndPort,
  httpUrl,
  kafkaTopic,
  milliseconds,
  mqttUrl,
  peerUrl,
  port,
  slot,
  text,
  whole,
} from './value-rules.ts'

const file = text.nullable()

function tls<Extra extends z.ZodRawShape>(shape: Extra) {
  return group('TLS towards the server. The server certificate is always verified.', {
    ...shape,
    caFile: option(file, null, 'PEM file of the authorities to trust; null trusts those of the system.'),
    certFile: option(file, null, 'PEM file of the client certificate.'),
    keyFile: option(file, null, 'PEM file of the key of the client certificate.'),
    serverName: option(text.nullable(), null, 'Name that the certificate must carry, when it is not the host name.'),
  })
}

function reconnect(firstMs: number, maxMs: number) {
  return {
    firstMs: option(whole(1, 3_600_000), firstMs, 'Wait before the first new attempt, in milliseconds.'),
    maxMs: option(whole(1, 3_600_000), maxMs, 'The longest wait between attempts, in milliseconds.'),
  }
}

export const mqtt = group('The MQTT broker.', {
  url: option(mqttUrl, 'mqtt://localhost:1883', 'Address of the broker; mqtts turns TLS on.'),
  group: option(groupName, 'cams-bridge', 'Name of the shared subscription.'),
  mode: option(
    z.enum(['share', 'queue']),
    'share',
    'Read from shared subscriptions, or from named queues of the broker (EMQX 6).',
  ),
  queues: mapOption(groupName, {}, 'In mode queue: last topic level (evt, st, a reply leaf) to the name of its queue.'),
  clientIdPrefix: option(groupName, 'bridge', 'First part of the MQTT client ids; the slot and a number follow.'),
  slot: option(slot, 0, 'Ordinal of this worker; it fixes the client ids, so no two workers may share one.'),
  connections: option(whole(1, 64), 2, 'Connections per worker for the evt topics.'),
  receiveMaximum: option(whole(1, 65_535), 1000, 'Messages a connection may hold that Kafka has not stored yet.'),
  sessionExpirySeconds: option(
    whole(0, 4_294_967_295),
    86_400,
    'How long the broker keeps the queue of a worker that is away.',
  ),
  keepaliveSeconds: option(whole(5, 65_535), 30, 'Interval of the keep-alive.'),
  connectTimeoutMs: option(milliseconds.min(1), 10_000, 'How long a connect may take, in milliseconds.'),
  orphans: group('Slots that nobody runs any more: a worker adopts them, reads their sessions empty and ends them.', {
    slots: option(
      whole(0, 10_000),
      0,
      'How many slots to look after, from 0 on: the most workers that there have ever been. 0: none.',
    ),
    peerUrl: option(
      peerUrl.nullable(),
      null,
      'Address at which the worker of a slot answers HTTP, with {slot} for its number, such as its /livez.',
    ),
    afterSeconds: option(
      whole(1, 86_400),
      60,
      'A slot whose worker has not answered for this long is an orphan; longer than a restart takes.',
    ),
  }),
  username: option(text.nullable(), null, 'User name.'),
  password: secret('Password; better use passwordFile, whose changes are used without a restart.'),
  passwordFile: option(file, null, 'File that holds the password.'),
  tls: tls({}),
  reconnect: group('Waits between attempts to connect.', reconnect(500, 30_000)),
})

export const emqx = group('What EMQX tells besides MQTT.', {
  rest: group(
    'Its REST API, asked how full the queues of our sessions are. Without it nobody sees EMQX drop messages.',
    {
      url: option(
        httpUrl.nullable(),
        null,
        'Address of the REST API (the dashboard listener), without /api/v5; null does not ask. https turns TLS on.',
      ),
      apiKey: option(text.nullable(), null, 'API key; one that may only read (role viewer) is enough.'),
      secret: secret('Secret of the API key; better use secretFile, which is read again for each question.'),
      secretFile: option(file, null, 'File that holds the secret of the API key.'),
      pollSeconds: option(
        whole(1, 3600),
        15,
        'How often to ask; EMQX itself refreshes these numbers every 15 seconds or so.',
      ),
      timeoutMs: option(milliseconds.min(1), 5000, 'How long an answer may take, in milliseconds.'),
      tls: tls({}),
    },
  ),
})

export const kafka = group('The Kafka cluster.', {
  brokers: option(z.array(hostAndPort).min(1), ['localhost:9092'], 'Addresses of some brokers, host:port.'),
  clientId: option(text, 'emqx-kafka-bridge', 'Client id that the brokers see.'),
  groupPrefix: option(groupName, 'cams-bridge', 'First part of the names of the consumer groups.'),
  headers: option(
    z.enum(['trace', 'cloudevents']),
    'trace',
    'Headers of records: traceparent alone, or all of binary CloudEvents too.',
  ),
  topics: group('Names of the topics.', {
    attendance: option(kafkaTopic, 'cams.attendance.v1', 'Punches.'),
    presence: option(kafkaTopic, 'cams.presence.v1', 'Who is online.'),
    command: option(kafkaTopic, 'cams.command.v1', 'Commands to devices.'),
    commandStatus: option(kafkaTopic, 'cams.command-status.v1', 'What became of commands.'),
    commandReply: option(kafkaTopic, 'cams.command-reply.v1', 'Replies of devices on their way to the command worker.'),
    device: option(kafkaTopic, 'cams.device.v1', 'What is known of single devices.'),
    deadLetter: option(kafkaTopic, 'cams.deadletter.v1', 'Messages that could not be turned into a record.'),
  }),
  compression: option(z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']), 'lz4', 'Codec of the produced batches.'),
  idempotent: option(flag, true, 'Let Kafka drop repeats that the client itself makes.'),
  gapMs: option(whole(0, 1000), 2, 'Least time between two sends when nothing is in flight, in milliseconds.'),
  batchMaxRecords: option(whole(1, 100_000), 1000, 'Records in one send.'),
  batchMaxBytes: option(
    whole(1024, 104_857_600),
    800_000,
    'Bytes for one partition in one send; keep it below max.message.bytes of the topics.',
  ),
  connectTimeoutMs: option(milliseconds.min(1), 5000, 'How long a connect may take, in milliseconds.'),
  requestTimeoutMs: option(
    milliseconds.min(1),
    10_000,
    'How long a request may take before Kafka counts as stalled, in milliseconds.',
  ),
  sessionTimeoutMs: option(
    milliseconds.min(1),
    30_000,
    'A consumer that is silent this long loses its partitions, in milliseconds.',
  ),
  rebalanceTimeoutMs: option(
    milliseconds.min(1),
    60_000,
    'How long members may take to join a rebalance, in milliseconds.',
  ),
  heartbeatIntervalMs: option(milliseconds.min(1), 3000, 'Interval of the heartbeats of a consumer, in milliseconds.'),
  fetchMaxWaitMs: option(milliseconds, 100, 'How long a broker may hold an empty fetch, in milliseconds.'),
  fetchMaxBytes: option(whole(1024, 104_857_600), 1_048_576, 'Bytes of one partition in one fetch.'),
  replicationFactor: option(
    whole(1, 32_767).nullable(),
    null,
    'Replicas of topics that the bridge creates; null takes the default of the cluster.',
  ),
  partitions: mapOption(whole(1, 100_000), {}, 'Channel to the number of partitions its topic is created with.'),
  retry: group('Waits between attempts.', reconnect(100, 10_000)),
  tls: tls({ enabled: option(flag, false, 'Speak TLS with the brokers.') }),
  sasl: group('How the bridge logs in.', {
    mechanism: option(
      z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']).nullable(),
      null,
      'SASL mechanism; null logs in without one.',
    ),
    username: option(text.nullable(), null, 'User name.'),
    password: secret('Password; better use passwordFile, whose changes are used without a restart.'),
    passwordFile: option(file, null, 'File that holds the password.'),
    oauth: group('Where the token of the mechanism oauthbearer comes from: a file, or an endpoint.', {
      tokenFile: option(
        file,
        null,
        'File that holds the token and that somebody else renews, such as a projected service account token; read for each login.',
      ),
      tokenEndpoint: option(
        httpUrl.nullable(),
        null,
        'Address of the token endpoint of OAuth 2.0, asked by client credentials.',
      ),
      clientId: option(text.nullable(), null, 'Client id for the token endpoint.'),
      clientSecretFile: option(file, null, 'File that holds the client secret for the token endpoint.'),
      scope: option(text.nullable(), null, 'Scope to ask the token endpoint for.'),
      caFile: option(
        file,
        null,
        'PEM file of the authorities to trust at the token endpoint; null trusts those of the system.',
      ),
    }),
  }),
})

export const registry = group('The schema registry.', {
  url: option(httpUrl, 'http://localhost:8081', 'Address of the registry (Confluent API); https turns TLS on.'),
  register: option(
    z.enum(['check', 'register']),
    'check',
    'At start, look the schemas up and stop when one is missing, or register them.',
  ),
  timeoutMs: option(milliseconds.min(1), 10_000, 'How long a request may take, in milliseconds.'),
  username: option(text.nullable(), null, 'User name.'),
  password: secret('Password; better use passwordFile.'),
  passwordFile: option(file, null, 'File that holds the password.'),
  tls: tls({}),
  retry: group('Waits between attempts.', reconnect(500, 30_000)),
})

export const worker = group('The process.', {
  credentialsPollSeconds: option(
    whole(1, 86_400),
    10,
    'How often the files of certificates, keys, passwords and secrets are looked at; what has changed is used without a restart.',
  ),
  drainSeconds: option(whole(1, 3600), 25, 'How long a stop may take; three quarters to finish, the rest to cut.'),
  stallSeconds: option(
    whole(1, 86_400),
    120,
    'Work that is pending and of which nothing finishes for this long, with both sides connected, makes /livez red.',
  ),
})

export const observe = group('What can be seen from outside.', {
  host: option(text, '0.0.0.0', 'Address of /livez, /readyz, /startupz and /metrics.'),
  port: option(port, 9464, 'Port of these; 0 takes a free one.'),
  logLevel: option(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
    'info',
    'The least severe log lines that are written.',
  ),
})
