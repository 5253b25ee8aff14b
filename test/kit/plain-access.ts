import { KafkaAccess } from '../../src/kafka/access.ts'

/** To a Kafka without TLS; `login` by SASL PLAIN. */
export function plainAccess(login: { readonly name: string; readonly password: string } | null = null): KafkaAccess {
  const none = { caFile: null, certFile: null, keyFile: null, serverName: null }
  const { name: username = null, password = null } = login ?? {}
  const oauth = {
    tokenFile: null,
    tokenEndpoint: null,
    clientId: null,
    clientSecretFile: null,
    scope: null,
    caFile: null,
  }
  const mechanism = login === null ? null : 'plain'
  return new KafkaAccess({ ...none, enabled: false }, { mechanism, username, password, passwordFile: null, oauth })
}
