/**
 * Whether an error code of Node.js means that two sides of a TLS connection do not believe each other: OpenSSL's
 * reasons to refuse a certificate, the names of Node's own checks, and the alerts of a peer that refuses ours.
 */
export function isCertificateError(code: unknown): boolean {
  return typeof code === 'string' && pattern.test(code)
}

const pattern =
  /CERT|^ERR_TLS_|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|_ALERT_UNKNOWN_CA$/
