import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { Mechanism, SASLOptions } from 'kafkajs'
import { type Credentials, changedFiles, readCredentials } from '../kernel/credential-files.ts'
import { oauthLogin } from './oauth-login.ts'
import { type OauthOptions, OauthTokens } from './oauth-tokens.ts'

export interface KafkaTls {
  readonly enabled: boolean
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
  readonly serverName: string | null
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer' | null
  readonly username: string | null
  readonly password: string | null
  readonly passwordFile: string | null
  readonly oauth: OauthOptions
}

/** A login that ends (OAUTHBEARER, connections.max.reauth.ms) is renewed this long before. */
export const renewedBeforeMs = 3000

/**
 * How clients log in to Kafka. What was read last counts for every socket that kafkajs opens and for every login, so a
 * client that lives on takes new files after the next `read()`.
 */
export class KafkaAccess {
  readonly #tls: KafkaTls
  readonly #sasl: KafkaSasl
  readonly #tokens: OauthTokens
  #read: Credentials | null = null

  constructor(tls: KafkaTls, sasl: KafkaSasl) {
    this.#tls = tls
    this.#sasl = sasl
    this.#tokens = new OauthTokens(sasl.oauth)
  }

  /**
   * Reads the files as they are now. Files that cannot be used leave what was read before; the first time it rejects
   * with UnusableFile.
   */
  async read(): Promise<void> {
    const { enabled, caFile, certFile, keyFile } = this.#tls
    const tls = enabled ? { caFile, certFile, keyFile } : { caFile: null, certFile: null, keyFile: null }
    try {
      const read = await readCredentials({ ...tls, secretFile: secretFileOf(this.#sasl) })
      if (this.#read !== null && changedFiles(this.#read.digests, read.digests).length > 0) this.#tokens.forget()
      this.#read = read
    } catch (error) {
      if (this.#read === null) throw error
    }
  }

  /** Of the next socket; null for plain TCP. */
  get tls(): TlsOptions | null {
    if (!this.#tls.enabled) return null
    const { serverName } = this.#tls
    const { ca, cert, key } = this.#read ?? {}
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === null ? {} : { servername: serverName }),
    }
  }

  /** For one client; its password is always that of the last `read()`. A new object for each: kafkajs writes into it. */
  sasl(): SASLOptions | Mechanism | null {
    const { mechanism, username } = this.#sasl
    if (mechanism === null) return null
    if (mechanism === 'oauthbearer') {
      return oauthLogin(() => this.#tokens.token())
    }
    const password = (): string => this.#read?.secret?.toString('utf8') ?? this.#sasl.password ?? ''
    const login = {
      username: username ?? '',
      get password() {
        return password()
      },
    }
    // Not spread: that would read the password once and for all.
    switch (mechanism) {
      case 'plain':
        return Object.assign(login, { mechanism })
      case 'scram-sha-256':
        return Object.assign(login, { mechanism })
      case 'scram-sha-512':
        return Object.assign(login, { mechanism })
    }
  }
}

/** The file with the secret that lasts; null when there is none. A token in a file is read for each login instead. */
export function secretFileOf({ mechanism, passwordFile, oauth }: KafkaSasl): string | null {
  if (mechanism === null) return null
  return mechanism === 'oauthbearer' ? oauth.clientSecretFile : passwordFile
}
