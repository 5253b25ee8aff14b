import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import kafkajs, { type CompressionTypes } from 'kafkajs'

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
 * them; calling it again changes nothing. A codec's library is loaded when it is first used: each takes memory.
 */
export function installCodecs(): void {
  // kafkajs types only the codecs it lacks, but looks all of them up in the same table.
  const table: Record<number, () => Codec> = kafkajs.CompressionCodecs
  table[kafkajs.CompressionTypes.GZIP] = () => gzipCodec
  table[kafkajs.CompressionTypes.Snappy] = () => snappyCodec
  table[kafkajs.CompressionTypes.LZ4] = () => lz4Codec
  const zstdCodec = newZstdCodec()
  table[kafkajs.CompressionTypes.ZSTD] = () => zstdCodec
}

const gzipCodec: Codec = {
  compress: async (encoder) => gzipAsync(encoder.buffer),
  decompress: async (buffer) => gunzipAsync(buffer, { maxOutputLength: maxDecompressedBytes }),
}

const snappyCodec: Codec = {
  compress: async (encoder) => (await import('snappy')).compressSync(encoder.buffer),
  decompress: async (buffer) => decompressSnappy(buffer, (await import('snappy')).uncompressSync),
}

const lz4Codec: Codec = {
  compress: async (encoder) => (await import('lz4-napi')).compressFrameSync(encoder.buffer),
  decompress: async (buffer) => (await import('lz4-napi')).decompressFrameSync(buffer),
}

/** Its libraries have to be initialized, once. */
function newZstdCodec(): Codec {
  let encoder: Promise<(bytes: Buffer, level: number) => Uint8Array> | undefined
  let decoder: Promise<(bytes: Buffer) => Iterable<Uint8Array>> | undefined
  return {
    async compress({ buffer }) {
      encoder ??= import('@bokuweb/zstd-wasm').then(async (zstd) => {
        await zstd.init()
        return zstd.compress
      })
      return Buffer.from((await encoder)(buffer, 3))
    },
    async decompress(buffer) {
      decoder ??= import('zstddec/stream').then(async ({ ZSTDDecoder }) => {
        const zstd = new ZSTDDecoder()
        await zstd.init()
        return (bytes) => zstd.decodeStreaming([bytes])
      })
      return bounded((await decoder)(buffer))
    },
  }
}

const gzipAsync = promisify(gzip)
const gunzipAsync = promisify(gunzip)

type Uncompress = (buffer: Buffer) => string | Buffer

function decompressSnappy(buffer: Buffer, uncompress: Uncompress): Buffer {
  if (!buffer.subarray(0, xerialMagic.length).equals(xerialMagic)) return Buffer.from(uncompress(buffer))
  const blocks: Buffer[] = []
  // Magic, version, compatible version; then blocks, each behind its length.
  let at = xerialMagic.length + 8
  while (at + 4 <= buffer.length) {
    const end = at + 4 + buffer.readUInt32BE(at)
    blocks.push(Buffer.from(uncompress(buffer.subarray(at + 4, end))))
    at = end
  }
  return Buffer.concat(blocks)
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
