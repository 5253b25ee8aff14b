import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { compress as compressZstd, init as initZstd } from '@bokuweb/zstd-wasm'
import kafkajs, { type CompressionTypes } from 'kafkajs'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import snappy from 'snappy'
import { ZSTDDecoder } from 'zstddec/stream'

/** Compression by the name it has in the settings. */
export type CompressionName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export function compressionOf(name: CompressionName): CompressionTypes {
  switch (name) {
    case 'none':
      return kafkajs.CompressionTypes.None
    case 'gzip':
      return kafkajs.CompressionTypes.GZIP
    case 'snappy':
      return kafkajs.CompressionTypes.Snappy
    case 'lz4':
      return kafkajs.CompressionTypes.LZ4
    case 'zstd':
      return kafkajs.CompressionTypes.ZSTD
  }
}

/** No batch of a sane client is larger once it is decompressed; what is larger is refused, not read. */
const maxDecompressedBytes = 128 * 1024 * 1024

/** Header of the framing that Java's Snappy stream writes; other clients write plain Snappy. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

/** What kafkajs calls a codec: `compress` gets its encoder, `decompress` a buffer. */
interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}

/**
 * Puts codecs for all four of Kafka's compressions into kafkajs, which has only gzip. Process-wide, as kafkajs keeps
 * them; calling it again changes nothing.
 */
export async function installCodecs(): Promise<void> {
  const zstd = new ZSTDDecoder()
  await Promise.all([zstd.init(), initZstd()])
  // kafkajs types only the codecs it lacks, but looks all of them up in the same table.
  const table: Record<number, () => Codec> = kafkajs.CompressionCodecs
  const codecs: [CompressionTypes, Codec][] = [
    [
      kafkajs.CompressionTypes.GZIP,
      {
        compress: async (encoder) => gzipAsync(encoder.buffer),
        decompress: async (buffer) => gunzipAsync(buffer, { maxOutputLength: maxDecompressedBytes }),
      },
    ],
    [
      kafkajs.CompressionTypes.Snappy,
      {
        compress: async (encoder) => snappy.compressSync(encoder.buffer),
        decompress: async (buffer) => decompressSnappy(buffer),
      },
    ],
    [
      kafkajs.CompressionTypes.LZ4,
      {
        compress: async (encoder) => compressFrameSync(encoder.buffer),
        decompress: async (buffer) => decompressFrameSync(buffer),
      },
    ],
    [
      kafkajs.CompressionTypes.ZSTD,
      {
        compress: async (encoder) => Buffer.from(compressZstd(encoder.buffer, 3)),
        decompress: async (buffer) => bounded(zstd.decodeStreaming([buffer])),
      },
    ],
  ]
  for (const [type, codec] of codecs) table[type] = () => codec
}

const gzipAsync = promisify(gzip)
const gunzipAsync = promisify(gunzip)

function decompressSnappy(buffer: Buffer): Buffer {
  if (!buffer.subarray(0, xerialMagic.length).equals(xerialMagic)) return plainSnappy(buffer)
  const blocks: Buffer[] = []
  // Magic, version, compatible version; then blocks, each behind its length.
  let at = xerialMagic.length + 8
  while (at + 4 <= buffer.length) {
    const end = at + 4 + buffer.readUInt32BE(at)
    blocks.push(plainSnappy(buffer.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}

function plainSnappy(buffer: Buffer): Buffer {
  return Buffer.from(snappy.uncompressSync(buffer, { asBuffer: true }))
}

/** Streaming writers (Java's) do not say how large the result is, so it is read piece by piece, up to the limit. */
function bounded(pieces: Iterable<Uint8Array>): Buffer {
  const all: Uint8Array[] = []
  let size = 0
  for (const piece of pieces) {
    size += piece.byteLength
    if (size > maxDecompressedBytes) throw new Error(`a zstd batch is over ${maxDecompressedBytes} bytes`)
    all.push(piece)
  }
  return Buffer.concat(all, size)
}
