/** A word in lower case without spaces, `-` and `_`; null when it is not ASCII, whose case alone is folded. */
export function foldWord(text: string): string | null {
  if (/[^\u0020-\u007e]/.test(text)) return null
  const lower = text.toLowerCase()
  return /[ _-]/.test(lower) ? lower.replaceAll(/[ _-]/g, '') : lower
}
