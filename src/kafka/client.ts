import { readFile } from 'node:fs/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import kafkajs, { type Kafka, type KafkaConfig, type SASLOptions } from 'kafkajs'
import { readIfNamed } from '../kernel/read-if-named.ts'
import type { Emit } from '../observe/events/event.ts'

export interface KafkaClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly tls: {
    readonly enabled: boolean
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
    readonly serverName: string | null
  }
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' | null
    readonly username: string | null
    readonly password: string | null
    readonly passwordFile: string | null
  }
}

/**
 * A new kafkajs client. Files are read now: build another one to use rotated certificates or passwords. Each client
 * gets option objects of its own, because kafkajs writes its authenticator into `sasl` and would keep the old password. `dialed` is told of every socket.
 */
export async function newKafka(
  options: KafkaClientOptions,
  emit: Emit,
  dialed: (socket: Socket) => void = () => undefined,
): Promise<Kafka> {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'
  const tls = await readTls(options)
  const sasl = await readSasl(options)
  const config: KafkaConfig = {
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: options.connectTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    // Few retries in here, endless ones outside: its own five waits outlast our deadlines, and hide the reason.
    retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000 },
    // kafkajs does not set noDelay; Nagle would hold the tail of a request for a round trip.
    socketFactory: ({ host, port, onConnect }) => {
      const socket = dial(host, port, tls, onConnect)
      dialed(socket)
      return socket
    },
    ...(tls === null ? {} : { ssl: tls }),
    ...(sasl === null ? {} : { sasl }),
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

async function readTls({ tls }: KafkaClientOptions): Promise<TlsOptions | null> {
  if (!tls.enabled) return null
  const [ca, cert, key] = await Promise.all([tls.caFile, tls.certFile, tls.keyFile].map(readIfNamed))
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === null ? {} : { servername: tls.serverName }),
  }
}

async function readSasl({ sasl }: KafkaClientOptions): Promise<SASLOptions | null> {
  if (sasl.mechanism === null) return null
  const password = sasl.passwordFile === null ? (sasl.password ?? '') : await readFile(sasl.passwordFile, 'utf8')
  const credentials = { username: sasl.username ?? '', password: password.replace(/[\r\n]+$/, '') }
  switch (sasl.mechanism) {
    case 'plain':
      return { mechanism: 'plain', ...credentials }
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', ...credentials }
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', ...credentials }
  }
}
