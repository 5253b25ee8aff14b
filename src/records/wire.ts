/** Bytes before the Avro value in the Confluent wire format: a zero byte, then the schema id, big endian. */
export const WIRE_HEADER_BYTES = 5

/** Writes the wire header at `at` and returns the position after it. */
export function writeWireHeader(buffer: Buffer, at: number, schemaId: number): number {
  buffer[at] = 0
  return buffer.writeUInt32BE(schemaId, at + 1)
}

/** Schema id of a value in the wire format; null when it is not in it (too short, or another first byte). */
export function wireSchemaId(value: Uint8Array): number | null {
  if (value.length < WIRE_HEADER_BYTES || value[0] !== 0) return null
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(1)
}
