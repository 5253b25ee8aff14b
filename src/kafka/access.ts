import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { SASLOptions } from 'kafkajs'
import { type Credentials, readCredentials } from '../kernel/credential-files.ts'

export interface KafkaTls {
  readonly enabled: boolean
  readonly caFile: string | null
  readonly certFile: string | null
  readonly keyFile: string | null
  readonly serverName: string | null
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' | null
  readonly username: string | null
  readonly password: string | null
  readonly passwordFile: string | null
}

/**
 * How clients log in to Kafka. What was read last counts for every socket that kafkajs opens and for every login, so a
 * client that lives on takes new files after the next `read()`.
 */
export class KafkaAccess {
  readonly #tls: KafkaTls
  readonly #sasl: KafkaSasl
  #read: Credentials | null = null

  constructor(tls: KafkaTls, sasl: KafkaSasl) {
    this.#tls = tls
    this.#sasl = sasl
  }

  /**
   * Reads the files as they are now. Files that cannot be used leave what was read before; the first time it rejects
   * with UnusableFile.
   */
  async read(): Promise<void> {
    const { enabled, caFile, certFile, keyFile } = this.#tls
    const { mechanism, passwordFile } = this.#sasl
    const tls = enabled ? { caFile, certFile, keyFile } : { caFile: null, certFile: null, keyFile: null }
    try {
      this.#read = await readCredentials({ ...tls, secretFile: mechanism === null ? null : passwordFile })
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
  sasl(): SASLOptions | null {
    const { mechanism, username } = this.#sasl
    if (mechanism === null) return null
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
