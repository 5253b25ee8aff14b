import { readFile } from 'node:fs/promises'
import type { Settings } from '../config/settings.ts'
import { certificatesIn } from '../kernel/certificates.ts'
import type { Readings } from '../observe/standing-gauges.ts'

interface CertificateFile {
  /** Server and what the file is there for, such as `kafka_client`. */
  readonly use: string
  readonly path: string
  /** When it ends: a chain with its first certificate, a bundle of authorities with its last. */
  readonly end: 'first' | 'last'
}

/**
 * When the certificates of the configuration end, in Unix seconds, by use. Files are read each time, so a renewed one
 * is seen at once. One that cannot be read is left out: whoever needs it says so.
 */
export async function certificateDates(settings: Settings): Promise<Readings> {
  const found = await Promise.all(
    certificateFiles(settings).map(async ({ use, path, end }) => {
      try {
        const dates = certificatesIn(await readFile(path, 'utf8')).map(({ validTo }) => Date.parse(validTo) / 1000)
        if (dates.length === 0) return []
        return [[{ use }, end === 'first' ? Math.min(...dates) : Math.max(...dates)] as const]
      } catch {
        return []
      }
    }),
  )
  return found.flat()
}

function certificateFiles({ mqtt, emqx, kafka, registry, http }: Settings): readonly CertificateFile[] {
  const places = { mqtt: mqtt.tls, emqx: emqx.rest.tls, kafka: kafka.tls, registry: registry.tls } as const
  const named = [
    ...Object.entries(places).flatMap(([place, { caFile, certFile }]) => [
      { use: `${place}_ca`, path: caFile, end: 'last' } as const,
      { use: `${place}_client`, path: certFile, end: 'first' } as const,
    ]),
    { use: 'http_server', path: http.tls.certFile, end: 'first' } as const,
    { use: 'http_ca', path: http.tls.caFile, end: 'last' } as const,
  ]
  return named.flatMap(({ path, ...file }) => (path === null ? [] : [{ ...file, path }]))
}
