/** A byte offset for a reason detail, of a place in a text that was decoded from UTF-8. */
export function offsetDetail(text: string, at: number, bytesBefore = 0): string {
  return `offset ${bytesBefore + Buffer.byteLength(text.slice(0, at), 'utf8')}`
}
