import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs'
import type { Emit } from '../observe/events/event.ts'
import { hideAbortedRecords } from './aborted-records.ts'
import { type KafkaAccess, renewedBeforeMs } from './access.ts'

export interface KafkaClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly access: KafkaAccess
}

/**
 * A new kafkajs client that logs in with the files of now, and with those of the last `access.read()` from then on.
 * `dialed` is told of every socket. Rejects with UnusableFile.
 */
export async function newKafka(
  options: KafkaClientOptions,
  emit: Emit,
  dialed: (socket: Socket) => void = () => undefined,
): Promise<Kafka> {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'
  hideAbortedRecords()
  const { access } = options
  await access.read()
  const sasl = access.sasl()
  const config: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    // Few retries in here, endless ones outside: its own five waits outlast our deadlines, and hide the reason.
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000 },
    // kafkajs does not set noDelay; Nagle would hold the tail of a request for a round trip.
    socketFactory: ({ host, port, onConnect }) => {
      const socket = dial(host, port, access.tls, onConnect)
      dialed(socket)
      return socket
    },
    // Our sockets do not need it; kafkajs only says it in its log.
    ...(access.tls === null ? {} : { ssl: true }),
    ...(sasl === null ? {} : { sasl }),
    // Kafkajs' own ten seconds would log in again for each request where a login lives no longer than that.
    reauthenticationThreshold: renewedBeforeMs,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => {
      if (entry.level > kafkajs.logLevel.WARN) return
      emit({ event: 'kafka_request_failed', code: 'other', error: `${entry.namespace}: ${entry.log.message}` })
    },
  }
  return new kafkajs.Kafka(config)
}

function dial(host: string, port: number, tls: TlsOptions | null, onConnect: () => void): Socket {
  if (tls === null) return connectTcp({ host, port, noDelay: true }, onConnect)
  return connectTls({ host, port, servername: host, ...tls }, onConnect).setNoDelay(true)
}
