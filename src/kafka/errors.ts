import kafkajs, { type KafkaJSProtocolError } from 'kafkajs'
import { isCertificateError } from '../kernel/certificate-error.ts'
import { Failure, messageOf } from '../kernel/failure.ts'

/**
 * From what kafkajs throws to what to do next.
 *
 * `malformed`: the broker has looked at the records and will never take them. Only codes that speak of the records
 * themselves are here; everything else is `transient`, because to drop a punch for a missing topic or permission would
 * lose it, while waiting only delays it and is visible.
 */
const refusedTypes: ReadonlySet<string> = new Set([
  // The batch or a record in it is over the topic's max.message.bytes: a smaller batch may pass.
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  // A tombstone on a topic that is not compacted, a validator's verdict. Not INVALID_TIMESTAMP: that speaks of clocks.
  'INVALID_RECORD',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
])

/** Names for labels; a person has to act on `not_authorized`, `authentication`, `certificate`, `unknown_topic` and `clock`. */
const transientTypes: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'not_authorized',
  CLUSTER_AUTHORIZATION_FAILED: 'not_authorized',
  GROUP_AUTHORIZATION_FAILED: 'not_authorized',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'not_authorized',
  SASL_AUTHENTICATION_FAILED: 'authentication',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown_topic',
  NOT_LEADER_FOR_PARTITION: 'not_leader',
  LEADER_NOT_AVAILABLE: 'not_leader',
  NOT_ENOUGH_REPLICAS: 'not_enough_replicas',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'not_enough_replicas',
  REQUEST_TIMED_OUT: 'timeout',
  // Ours is more than an hour ahead of Kafka's (message.timestamp.after.max.ms).
  INVALID_TIMESTAMP: 'clock',
  INVALID_PRODUCER_EPOCH: 'fenced',
  PRODUCER_FENCED: 'fenced',
}

/** The next step after anything that kafkajs threw. Every Failure has a code of the closed set `kafkaFailures`. */
export function kafkaFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const protocol = protocolErrorIn(error)
  if (protocol !== null) {
    const text = `${protocol.type}: ${protocol.message}`
    if (refusedTypes.has(protocol.type)) return new Failure('malformed', 'PRODUCE_REJECTED', text, { cause: error })
    return new Failure('transient', transientTypes[protocol.type] ?? 'other', text, { cause: error })
  }
  // What our own part of a login has thrown, behind what kafkajs makes of it.
  const own = chainOf(error).find((e) => e instanceof Failure)
  return own ?? new Failure('transient', nameOf(error), messageOf(error), { cause: error })
}

/** kafkajs wraps errors in each other, and says "not retriable" of a refused connection: the cause decides. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = []
  for (let e: unknown = error; e instanceof Error && chain.length < 5; e = e.cause) chain.push(e)
  return chain
}

function protocolErrorIn(error: unknown): KafkaJSProtocolError | null {
  return chainOf(error).find((e) => e instanceof kafkajs.KafkaJSProtocolError) ?? null
}

/** A closed set, fit for a label: of the innermost error that has a name here. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected'
  const names = chainOf(error).map(nameOfOne)
  return names.findLast((name) => name !== null) ?? 'other'
}

function nameOfOne(error: Error): string | null {
  if ('code' in error && isCertificateError(error.code)) return 'certificate'
  switch (error.name) {
    case 'KafkaJSRequestTimeoutError':
    case 'KafkaJSTimeout':
    case 'KafkaJSLockTimeout':
      return 'timeout'
    case 'KafkaJSSASLAuthenticationError':
      return 'authentication'
    case 'KafkaJSConnectionError':
    case 'KafkaJSConnectionClosedError':
    case 'KafkaJSBrokerNotFound':
    case 'KafkaJSNoBrokerAvailableError':
      return 'connection'
    default:
      return null
  }
}
