/** What of `kafka.sasl` counts for which mechanism. */
interface Sasl {
  readonly mechanism: string | null
  readonly username: string | null
  readonly password: string | null
  readonly passwordFile: string | null
  readonly oauth: Readonly<
    Record<'tokenFile' | 'tokenEndpoint' | 'clientId' | 'clientSecretFile' | 'scope' | 'caFile', string | null>
  >
}

/** Settings of a login to Kafka that do not go together: the option below `kafka.sasl`, and what is wrong with it. */
export function* saslFaults({ mechanism, oauth, ...login }: Sasl): Generator<readonly [path: string, message: string]> {
  const given = (of: object): string[] => Object.entries(of).flatMap(([name, value]) => (value === null ? [] : [name]))
  if (mechanism !== 'oauthbearer') {
    if (mechanism !== null && login.username === null) yield ['username', 'is needed when kafka.sasl.mechanism is set']
    for (const name of given(oauth)) yield [`oauth.${name}`, 'is only for kafka.sasl.mechanism: oauthbearer']
    return
  }
  for (const name of given(login)) yield [name, 'is not for the mechanism oauthbearer; see kafka.sasl.oauth']
  const { tokenFile, tokenEndpoint, ...ofEndpoint } = oauth
  if (tokenFile === null && tokenEndpoint === null) {
    yield ['oauth.tokenFile', 'or kafka.sasl.oauth.tokenEndpoint is needed for the mechanism oauthbearer']
  } else if (tokenFile === null) {
    for (const name of ['clientId', 'clientSecretFile'] as const) {
      if (oauth[name] === null) yield [`oauth.${name}`, 'is needed for kafka.sasl.oauth.tokenEndpoint']
    }
  } else {
    for (const name of given({ tokenEndpoint, ...ofEndpoint })) {
      yield [`oauth.${name}`, 'cannot be given together with kafka.sasl.oauth.tokenFile; keep one way']
    }
  }
}
