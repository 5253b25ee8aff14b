import { z } from 'zod'
import { group, option } from './option.ts'
import { byteLimit, flag, milliseconds, mqttFilter, port, seconds, text, topicPrefix, whole } from './value-rules.ts'

const file = text.nullable()

export const fleet = group('Things: shadow, events, commands and jobs.', {
  enabled: option(
    flag,
    false,
    'Serve things: ingest subscribes to their topics, and the roles fleet and http can run. Needs the fleet topics.',
  ),
  maxInputsPerTransaction: option(whole(1, 10_000), 200, 'Inputs that one Kafka transaction holds at most.'),
  transactionTimeoutMs: option(
    milliseconds.min(1000),
    30_000,
    'Kafka aborts a transaction that is open this long, in milliseconds.',
  ),
  store: group('Where the owner of things holds their state while it runs; Kafka is where it is kept.', {
    folder: option(
      text.nullable(),
      null,
      'Folder for things that are not in memory, on a local disk; it is emptied and filled from Kafka by each start. null holds all of them in memory.',
    ),
    cacheThings: option(whole(1), 10_000, 'With a folder: things that this process holds in memory.'),
  }),
  topicPrefix: option(topicPrefix, 'fleet.', 'First part of the names of all Kafka topics of things.'),
  registryMode: option(
    z.enum(['strict', 'open']),
    'strict',
    'strict serves registered things only; open serves every valid name.',
  ),
  maxMessageBytes: option(byteLimit, 131_072, 'Larger messages of things are refused.'),
  clientTokenMaxBytes: option(byteLimit, 64, 'Longer client tokens are refused.'),
  shadow: group('Shadows.', {
    replies: option(flag, true, 'Publish shadow/update/accepted and shadow/update/rejected.'),
    delta: option(
      z.enum(['changed', 'always']),
      'changed',
      'After a report, publish the delta only when it changed, or on every report while it is not empty.',
    ),
    desiredPublication: option(
      z.enum(['whole', 'patch']),
      'whole',
      'Publish the whole desired section, or the patch as the operator sent it.',
    ),
    getOverMqtt: option(flag, false, 'Serve shadow/get.'),
    maxBytes: option(byteLimit, 8192, 'Larger shadow documents are refused.'),
    maxDepth: option(whole(1, 10_000), 6, 'Shadow documents nested deeper are refused.'),
  }),
  events: group('Events of things.', {
    checkTime: option(flag, true, 'Replace implausible event times by the time of arrival.'),
  }),
  commands: group('Commands to things.', {
    lateResponse: option(
      z.enum(['record', 'override']),
      'record',
      'A response after the timeout is only recorded, or counts as if it were in time.',
    ),
    maxParamsBytes: option(byteLimit, 32_768, 'Larger parameters are refused.'),
    defaultTtlSeconds: option(seconds, 30, 'Time to live of a command that names none.'),
    maxTtlSeconds: option(seconds, 43_200, 'The longest time to live of a command.'),
    rememberHours: option(whole(0, 876_000), 24, 'How long a closed command is remembered.'),
  }),
  jobs: group('Jobs.', {
    firstVersion: option(z.literal([0, 1]), 0, 'Version number of a new job execution.'),
    repeatedTerminal: option(
      z.enum(['accept', 'refuse']),
      'accept',
      'The same final report of a thing once more is accepted, or refused.',
    ),
    maxDocumentBytes: option(byteLimit, 32_768, 'Larger job documents are refused.'),
    maxStatusDetailsBytes: option(byteLimit, 8192, 'Larger status details are refused.'),
  }),
  presence: group('When things connect and disconnect.', {
    filters: option(
      z.array(mqttFilter),
      ['$SYS/brokers/+/clients/+/connected', '$SYS/brokers/+/clients/+/disconnected'],
      'MQTT topic filters of the connect and disconnect events of the broker.',
    ),
  }),
})

export const http = group('The HTTP interface of things.', {
  host: option(text, '0.0.0.0', 'Address to listen on.'),
  port: option(port, 8080, 'Port to listen on.'),
  tls: group('TLS towards clients, on when there is a certificate. Changed files are taken without a restart.', {
    certFile: option(file, null, 'PEM file of the certificate to show, with those between it and the authority.'),
    keyFile: option(file, null, 'PEM file of the key of the certificate.'),
    caFile: option(
      file,
      null,
      'PEM file of authorities; clients must then show a certificate of one of them, besides their API key.',
    ),
  }),
  requestsPerMinute: option(whole(0), 0, 'Requests an API key may make per minute and instance; 0 is no limit.'),
})
