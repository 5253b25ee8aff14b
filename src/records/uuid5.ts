/** UUIDv5 of the DNS namespace and `attendance.cams-mqtt-bridge.invalid` (attendance.md 7). */
const NAMESPACE = 'a56c8924b4a252ee910b3cf15fe0bd2c'

/** Two hexadecimal digits of each byte, as character codes: the first in the low byte. */
const HEX = Uint16Array.from({ length: 256 }, (_, byte) => {
  const text = byte.toString(16).padStart(2, '0')
  return text.charCodeAt(0) | (text.charCodeAt(1) << 8)
})

function putHex(out: Uint8Array, at: number, byte: number): void {
  const digits = HEX[byte & 255] as number
  out[at] = digits & 255
  out[at + 1] = digits >> 8
}

/** Runs SHA-1 over `blocks` blocks of 16 words each, in place; `schedule` is scratch space of 80 words. */
function sha1(words: Int32Array, blocks: number, schedule: Int32Array, digest: Int32Array): void {
  let h0 = 0x67452301
  let h1 = 0xefcdab89 | 0
  let h2 = 0x98badcfe | 0
  let h3 = 0x10325476
  let h4 = 0xc3d2e1f0 | 0
  for (let block = 0; block < blocks; block++) {
    const base = block * 16
    let a = h0
    let b = h1
    let c = h2
    let d = h3
    let e = h4
    for (let i = 0; i < 16; i++) schedule[i] = words[base + i] as number
    for (let i = 16; i < 80; i++) {
      const mixed =
        (schedule[i - 3] as number) ^
        (schedule[i - 8] as number) ^
        (schedule[i - 14] as number) ^
        (schedule[i - 16] as number)
      schedule[i] = (mixed << 1) | (mixed >>> 31)
    }
    // One loop for each of the four functions: a branch in the inner loop costs a fifth of the hash.
    for (let i = 0; i < 20; i++) {
      const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + 0x5a827999 + (schedule[i] as number)) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let i = 20; i < 40; i++) {
      const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9eba1 + (schedule[i] as number)) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let i = 40; i < 60; i++) {
      const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e - 0x70e44324 + (schedule[i] as number)) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let i = 60; i < 80; i++) {
      const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e - 0x359d3e2a + (schedule[i] as number)) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    h0 = (h0 + a) | 0
    h1 = (h1 + b) | 0
    h2 = (h2 + c) | 0
    h3 = (h3 + d) | 0
    h4 = (h4 + e) | 0
  }
  digest[0] = h0
  digest[1] = h1
  digest[2] = h2
  digest[3] = h3
  digest[4] = h4
}

/** Puts byte `at` of a big-endian word array, in ascending order: the first byte of a word clears the others. */
function putByte(words: Int32Array, at: number, byte: number): void {
  const shift = 24 - ((at & 3) << 3)
  words[at >> 2] = shift === 24 ? byte << 24 : (words[at >> 2] as number) | (byte << shift)
}

function createUuid5(namespace: string): (text: string) => string {
  const prefix = [0, 8, 16, 24].map((at) => Number.parseInt(namespace.slice(at, at + 8), 16) | 0)
  const schedule = new Int32Array(80)
  const digest = new Int32Array(5)
  const out = Buffer.alloc(36)
  // Grows to the longest text seen; what is in it between calls never matters.
  let words = new Int32Array(64)

  return (text) => {
    const most = 16 + text.length * 3 + 9
    if (words.length * 4 < most + 64) words = new Int32Array((Math.ceil(most / 64) + 1) * 16)
    for (let i = 0; i < 4; i++) words[i] = prefix[i] as number
    let at = 16
    let i = 0
    // Four ASCII characters make a word; the first other one ends this way.
    for (; i + 4 <= text.length; i += 4) {
      const c0 = text.charCodeAt(i)
      const c1 = text.charCodeAt(i + 1)
      const c2 = text.charCodeAt(i + 2)
      const c3 = text.charCodeAt(i + 3)
      if ((c0 | c1 | c2 | c3) > 0x7f) break
      words[at >> 2] = (c0 << 24) | (c1 << 16) | (c2 << 8) | c3
      at += 4
    }
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      putByte(words, at++, unit)
    }
    if (i < text.length) {
      // Buffer.from turns a lone surrogate into U+FFFD, as every UTF-8 encoder must.
      for (const byte of Buffer.from(text.slice(i), 'utf8')) putByte(words, at++, byte)
    }
    const bits = at * 8
    putByte(words, at, 0x80)
    const blocks = (at + 72) >> 6
    for (let word = (at >> 2) + 1; word < blocks * 16; word++) words[word] = 0
    words[blocks * 16 - 2] = Math.floor(bits / 0x1_0000_0000)
    words[blocks * 16 - 1] = bits | 0
    sha1(words, blocks, schedule, digest)
    digest[1] = ((digest[1] as number) & 0xffff0fff) | 0x5000
    digest[2] = ((digest[2] as number) & 0x3fffffff) | 0x80000000
    let to = 0
    for (let byte = 0; byte < 16; byte++) {
      if (byte === 4 || byte === 6 || byte === 8 || byte === 10) out[to++] = 0x2d
      putHex(out, to, (digest[byte >> 2] as number) >>> (24 - ((byte & 3) << 3)))
      to += 2
    }
    return out.toString('latin1')
  }
}

/**
 * UUIDv5 of a text in the bridge's namespace. Own SHA-1: for the 80 bytes of a record's id, the way into OpenSSL and the
 * formatting cost more than the hash. Deterministic: the state it keeps is scratch space only.
 */
export const uuid5: (text: string) => string = createUuid5(NAMESPACE)
