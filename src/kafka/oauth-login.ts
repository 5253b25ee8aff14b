import type { Mechanism } from 'kafkajs'
import { Failure } from '../kernel/failure.ts'

const separator = '\u0001'

/**
 * SASL OAUTHBEARER (RFC 7628). Not kafkajs' own: that does not look at the answer, so it takes a refused token for a
 * login and fails later at something else. `token` is asked for each login.
 */
export function oauthLogin(token: () => Promise<string>): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const bearer = `n,,${separator}auth=Bearer ${await token()}${separator}${separator}`
        const answer = await saslAuthenticate({ request: message(bearer), response })
        if (answer === undefined || answer === '') return
        // The broker has said why, and wants a message of one separator before it says no (3.2.3).
        await saslAuthenticate({ request: message(separator), response }).catch(() => undefined)
        throw new Failure('transient', 'authentication', `the broker refuses the token (${statusIn(answer)})`)
      },
    }),
  }
}

/** Bytes behind their number, as kafkajs hands them on. */
function message(text: string): { encode: () => Buffer } {
  const bytes = Buffer.from(text, 'utf8')
  const size = Buffer.alloc(4)
  size.writeInt32BE(bytes.length)
  return { encode: () => Buffer.concat([size, bytes]) }
}

const response = {
  decode: (raw: Buffer) => raw.subarray(4),
  parse: (data: Buffer) => data.toString('utf8'),
}

/** The word of RFC 7628 (3.2.2) alone: nothing that a broker may repeat of the token. */
function statusIn(answer: string): string {
  const [, status] = /"status"\s*:\s*"([a-z_]{1,40})"/.exec(answer) ?? []
  return status ?? 'no reason given'
}
