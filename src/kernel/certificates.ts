import { X509Certificate } from 'node:crypto'

const begin = '-----BEGIN CERTIFICATE-----'

/** The certificates of a PEM text, in their order; none when there are none. Throws OpenSSL's error at a broken one. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  return pem
    .split(begin)
    .slice(1)
    .map((rest) => new X509Certificate(begin + rest))
}
