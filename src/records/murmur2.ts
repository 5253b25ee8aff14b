/** murmur2 as Kafka's Java client computes it, as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = 0x9747b28c ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    word = Math.imul(word, 0x5bd1e995)
    word = Math.imul(word ^ (word >>> 24), 0x5bd1e995)
    hash = Math.imul(hash, 0x5bd1e995) ^ word
  }
  const rest = length - at
  if (rest > 2) hash ^= (bytes[at + 2] as number) << 16
  if (rest > 1) hash ^= (bytes[at + 1] as number) << 8
  if (rest > 0) hash = Math.imul(hash ^ (bytes[at] as number), 0x5bd1e995)
  hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995)
  return hash ^ (hash >>> 15)
}

/** Partition of a hash, as Kafka's default partitioner takes it. */
export function partitionOf(hash: number, partitions: number): number {
  return (hash & 0x7fffffff) % partitions
}
