/**
 * Every value a metric label can have. A value that is not in its set is counted as `other`, so no input of a device
 * can add a series.
 */
export const inputs = ['mqtt', 'kafka', 'http'] as const

/** Dead-letter codes of time-attendance devices and of things. */
export const deadLetterCodes = [
  'TOPIC_INVALID',
  'SN_EMPTY',
  'SN_INVALID',
  'PAYLOAD_EMPTY',
  'PAYLOAD_TOO_LARGE',
  'ENCODING_INVALID',
  'JSON_INVALID',
  'JSON_TOO_DEEP',
  'JSON_DUPLICATE_KEY',
  'JSON_NOT_OBJECT',
  'BATCH_EMPTY',
  'BATCH_TOO_LARGE',
  'ITEM_NOT_OBJECT',
  'NOT_A_PUNCH',
  'USER_ID_MISSING',
  'USER_ID_INVALID',
  'TIME_MISSING',
  'TIME_INVALID',
  'TIME_AMBIGUOUS',
  'TIME_OUT_OF_RANGE',
  'ONLINE_INVALID',
  'REPLY_INVALID',
  'COMMAND_UNREADABLE',
  'ENCODE_FAILED',
  'PRODUCE_REJECTED',
  'INTERNAL_ERROR',
  'InvalidJson',
  'ThingNotFound',
  'EventTypeMismatch',
  'InvalidSeverity',
  'InvalidRequest',
  'ExecutionNotFound',
  'InvalidStatus',
  'PayloadTooLarge',
  'InvalidRecord',
  'other',
] as const

/** Why an input, or a part of one, is dropped on purpose. */
export const ignoreReasons = [
  'presence_cleared',
  'qos0_overflow',
  'repeat_in_batch',
  'reply_unknown',
  'command_tombstone',
  'broker_event',
  'own_echo',
  'partition_lost',
  'repeated_response',
  'unmatched_topic',
  'unknown_client',
  'stale_presence',
  'session_taken_over',
  'open_request',
  'invalid_record',
  'expired',
  'execution_not_found',
  'execution_not_open',
  'execution_exists',
  'timer_overtaken',
  'unknown_job',
  'publication_done',
  'connection_lost',
  'other',
] as const

/** Names of MQTT reason codes that end a connection, and the ways to end without one. */
export const mqttReasons = [
  'malformed_packet',
  'protocol_error',
  'unsupported_protocol_version',
  'client_identifier_not_valid',
  'bad_user_name_or_password',
  'not_authorized',
  'server_unavailable',
  'server_busy',
  'banned',
  'server_shutting_down',
  'bad_authentication_method',
  'keep_alive_timeout',
  'session_taken_over',
  'receive_maximum_exceeded',
  'topic_alias_invalid',
  'packet_too_large',
  'message_rate_too_high',
  'quota_exceeded',
  'administrative_action',
  'use_another_server',
  'server_moved',
  'shared_subscriptions_not_supported',
  'connection_rate_exceeded',
  'connection_closed',
  'connack_timeout',
  'suback_timeout',
  'unsuback_timeout',
  'keepalive_timeout',
  'econnrefused',
  'enotfound',
  'econnreset',
  'etimedout',
  'tls',
  'connection_error',
  'other',
] as const

/** What became of a slot whose worker goes, or is not there. */
export const slotResults = ['given_up', 'kept', 'adopted', 'returned'] as const

/** Why Kafka, or the client that speaks with it, did not do what was asked. */
export const kafkaFailures = [
  'no_answer',
  'timeout',
  'connection',
  'not_leader',
  'not_enough_replicas',
  'unknown_topic',
  'not_authorized',
  'authentication',
  'certificate',
  'too_large',
  'clock',
  'fenced',
  'unexpected',
  'other',
] as const

/** Why the REST API of the broker did not tell. */
export const brokerApiFailures = [
  'no_answer',
  'connection',
  'not_authorized',
  'refused',
  'unreadable',
  'credentials',
  'other',
] as const
/** Of job executions that are open. */
export const openExecutionStates = ['QUEUED', 'IN_PROGRESS'] as const

export const jobStates = ['IN_PROGRESS', 'COMPLETED', 'CANCELED'] as const

export const registryResults = ['found', 'registered', 'missing', 'incompatible', 'failed'] as const

/** Symbols of the Avro enum CommandState. */
export const commandStates = [
  'UNKNOWN',
  'ACCEPTED',
  'REJECTED',
  'PUBLISHED',
  'NO_SUBSCRIBER',
  'WAITING',
  'DELIVERED',
  'SUCCEEDED',
  'FAILED',
  'EXPIRED',
  'CANCELLED',
  'other',
] as const

export const publishResults = ['accepted', 'no_subscriber', 'refused', 'expired'] as const

/** What the watchdog looks after: work is pending and nothing finishes. */
export const watched = ['kafka_sink', 'mqtt_source', 'command_worker', 'fleet_worker', 'other'] as const

/** What the bridge logs in to. */
export const servers = ['mqtt', 'kafka', 'registry', 'emqx', 'http', 'other'] as const

export const httpRoutes = ['shadow', 'openapi', 'other'] as const
export const statusClasses = ['2xx', '3xx', '4xx', '5xx', 'other'] as const
