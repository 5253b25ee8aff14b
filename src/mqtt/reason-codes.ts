/** How long to stay away after a connection ended with a reason code. Source: MQTT 5 (2.4) and EMQX's behaviour. */
export type StayAway =
  /** The broker moves us on purpose (evacuation): come back at once, spread over two seconds. */
  | 'soon'
  /** The broker is busy or the network failed: exponential back-off. */
  | 'backoff'
  /** Somebody else runs our client id: never fight for it. */
  | 'step_back'
  /** Only a person can help (credentials, permissions): ask again, slowly. */
  | 'slow'

interface ReasonPolicy {
  readonly name: string
  readonly stayAway: StayAway
  /** The broker has thrown the session away with everything that waited in it. */
  readonly sessionGone?: true
}

const policies: Readonly<Record<number, ReasonPolicy>> = {
  0x81: { name: 'malformed_packet', stayAway: 'backoff' },
  0x82: { name: 'protocol_error', stayAway: 'backoff' },
  0x84: { name: 'unsupported_protocol_version', stayAway: 'slow' },
  0x85: { name: 'client_identifier_not_valid', stayAway: 'slow' },
  0x86: { name: 'bad_user_name_or_password', stayAway: 'slow' },
  0x87: { name: 'not_authorized', stayAway: 'slow' },
  0x88: { name: 'server_unavailable', stayAway: 'backoff' },
  0x89: { name: 'server_busy', stayAway: 'backoff' },
  0x8a: { name: 'banned', stayAway: 'slow' },
  0x8b: { name: 'server_shutting_down', stayAway: 'backoff' },
  0x8c: { name: 'bad_authentication_method', stayAway: 'slow' },
  0x8d: { name: 'keep_alive_timeout', stayAway: 'backoff' },
  0x8e: { name: 'session_taken_over', stayAway: 'step_back' },
  0x93: { name: 'receive_maximum_exceeded', stayAway: 'backoff' },
  0x94: { name: 'topic_alias_invalid', stayAway: 'backoff' },
  0x95: { name: 'packet_too_large', stayAway: 'backoff' },
  0x96: { name: 'message_rate_too_high', stayAway: 'backoff' },
  0x97: { name: 'quota_exceeded', stayAway: 'backoff' },
  0x98: { name: 'administrative_action', stayAway: 'backoff', sessionGone: true },
  0x9c: { name: 'use_another_server', stayAway: 'soon' },
  0x9d: { name: 'server_moved', stayAway: 'soon' },
  0x9e: { name: 'shared_subscriptions_not_supported', stayAway: 'slow' },
  0x9f: { name: 'connection_rate_exceeded', stayAway: 'backoff' },
}

/** The policy of a CONNACK or DISCONNECT reason code; an unknown one backs off. */
export function policyOf(reasonCode: number): ReasonPolicy {
  return policies[reasonCode] ?? { name: 'other', stayAway: 'backoff' }
}

/** Names of all reason codes with a policy, and `other`: a closed set, fit for a label. */
export const reasonNames: readonly string[] = [...Object.values(policies).map((policy) => policy.name), 'other']
