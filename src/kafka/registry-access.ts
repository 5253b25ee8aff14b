import { readCredentials } from '../kernel/credential-files.ts'

export interface RegistryOptions {
  readonly url: string
  readonly timeoutMs: number
  readonly username: string | null
  readonly password: string | null
  readonly passwordFile: string | null
  readonly tls: {
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
    readonly serverName: string | null
  }
}

/** How to log in, read afresh each time so that rotated files take effect. `tls` is null for plain HTTP. */
export async function readRegistryAccess({ url, username, password, passwordFile, tls }: RegistryOptions) {
  const { secret, ca, cert, key } = await readCredentials({ ...tls, secretFile: passwordFile })
  return {
    auth: username === null ? null : { username, password: secret?.toString('utf8') ?? password ?? '' },
    tls: url.startsWith('https:')
      ? {
          ...(ca === undefined ? {} : { ca }),
          ...(cert === undefined ? {} : { cert }),
          ...(key === undefined ? {} : { key }),
          ...(tls.serverName === null ? {} : { servername: tls.serverName }),
        }
      : null,
  }
}
