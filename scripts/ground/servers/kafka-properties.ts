import type { KafkaOptions } from './kafka.ts'

/** Ports of one node. `inner` is plain and without login: for the ground itself and the other nodes. */
export interface NodePorts {
  readonly inner: number
  readonly controller: number
  readonly sasl: number
  readonly tls: number
  readonly proxied: number
}

export interface NodeFacts {
  readonly id: number
  readonly ports: NodePorts
  readonly roles: readonly ('broker' | 'controller')[]
  readonly folder: string
  /** `id@host:port` of every controller. */
  readonly voters: string
  readonly brokerCount: number
  readonly tls: { readonly store: string; readonly ca: string } | null
}

/** The text of one node's `server.properties`. `options.config` has the last word. */
export function kafkaProperties(node: NodeFacts, options: KafkaOptions): string {
  const isBroker = node.roles.includes('broker')
  const users = options.users ?? []
  const copies = String(node.brokerCount)
  const inSync = node.brokerCount > 1 ? '2' : '1'
  const listeners = [
    ...(isBroker ? [['PLAIN', node.ports.inner, 'PLAINTEXT'] as const] : []),
    ...(node.roles.includes('controller') ? [['CONTROLLER', node.ports.controller, 'PLAINTEXT'] as const] : []),
    ...(isBroker && options.advertise !== undefined ? [['PROXIED', node.ports.proxied, 'PLAINTEXT'] as const] : []),
    ...(isBroker && users.length > 0 ? [['LOGIN', node.ports.sasl, 'SASL_PLAINTEXT'] as const] : []),
    ...(isBroker && node.tls !== null ? [['TLS', node.ports.tls, users.length > 0 ? 'SASL_SSL' : 'SSL'] as const] : []),
  ]
  const addresses = listeners.map(([name, port]) => `${name}://127.0.0.1:${port}`)
  const properties: Record<string, string> = {
    'process.roles': node.roles.join(','),
    'node.id': String(node.id),
    'controller.quorum.voters': node.voters,
    'controller.listener.names': 'CONTROLLER',
    listeners: addresses.join(','),
    'listener.security.protocol.map': ['CONTROLLER:PLAINTEXT', ...listeners.map(([name, , kind]) => `${name}:${kind}`)]
      .filter((entry, index, all) => all.indexOf(entry) === index)
      .join(','),
    'log.dirs': `${node.folder}/data`,
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // A broker killed without notice is fenced for this long before it may come back.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'log.cleaner.dedupe.buffer.size': '8388608',
  }
  if (isBroker) {
    const advertised = addresses.filter((address) => !address.startsWith('CONTROLLER:'))
    const proxy = `PROXIED://127.0.0.1:${options.advertise?.[node.id - 1]}`
    properties['advertised.listeners'] = advertised
      .map((address) => (address.startsWith('PROXIED:') ? proxy : address))
      .join(',')
    properties['inter.broker.listener.name'] = 'PLAIN'
  }
  if (isBroker && users.length > 0) {
    const hasTokens = options.tokenKeys !== undefined
    properties['sasl.enabled.mechanisms'] = `PLAIN,SCRAM-SHA-256,SCRAM-SHA-512${hasTokens ? ',OAUTHBEARER' : ''}`
    // A connection ends with its token only where a limit is set at all.
    if (hasTokens) properties['connections.max.reauth.ms'] = '3600000'
    for (const listener of node.tls === null ? ['login'] : ['login', 'tls']) {
      const prefix = `listener.name.${listener}`
      const plain = users.map(({ name, password }) => `user_${name}="${password}"`).join(' ')
      const module = 'org.apache.kafka.common.security'
      properties[`${prefix}.plain.sasl.jaas.config`] = `${module}.plain.PlainLoginModule required ${plain};`
      if (hasTokens) {
        properties[`${prefix}.oauthbearer.sasl.jaas.config`] = `${module}.oauthbearer.OAuthBearerLoginModule required;`
        properties[`${prefix}.oauthbearer.sasl.server.callback.handler.class`] =
          `${module}.oauthbearer.OAuthBearerValidatorCallbackHandler`
        properties[`${prefix}.sasl.oauthbearer.jwks.endpoint.url`] = `file://${node.folder}/token-keys.json`
        properties[`${prefix}.sasl.oauthbearer.expected.audience`] = 'kafka'
      }
      for (const size of ['256', '512']) {
        properties[`${prefix}.scram-sha-${size}.sasl.jaas.config`] = `${module}.scram.ScramLoginModule required;`
      }
    }
  }
  if (isBroker && node.tls !== null) {
    properties['ssl.keystore.type'] = 'PEM'
    properties['ssl.keystore.location'] = node.tls.store
    properties['ssl.truststore.type'] = 'PEM'
    properties['ssl.truststore.location'] = node.tls.ca
    properties['ssl.client.auth'] = options.tls === 'clientCertificate' ? 'required' : 'none'
  }
  Object.assign(properties, options.config)
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}
