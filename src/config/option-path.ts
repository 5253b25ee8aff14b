/** Where an option is: keys of objects and maps, and positions in lists. */
export type OptionPath = readonly (string | number)[]

/** Dotted, as in the docs: `mqtt.tls.caFile`, `devices[2].timeZone`, `attendance.stateMap["a.b"]`. */
export function pathText(path: OptionPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[A-Za-z0-9_-]+$/.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}

/** Reads what `pathText` writes. Null when the text is no path. */
export function readPath(text: string): OptionPath | null {
  const path: (string | number)[] = []
  const part = /(?:^|\.)([A-Za-z0-9_-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y
  while (part.lastIndex < text.length) {
    const match = part.exec(text)
    if (match === null) return null
    const [, name, index, quoted] = match
    if (name !== undefined) path.push(name)
    else if (index !== undefined) path.push(Number(index))
    else if (quoted !== undefined) {
      const key = unquoted(quoted)
      if (key === null) return null
      path.push(key)
    }
  }
  return path.length === 0 ? null : path
}

/** Text in quotes as JSON has it; null when it is none, such as one with an escape that JSON has not. */
function unquoted(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return null
  }
}
