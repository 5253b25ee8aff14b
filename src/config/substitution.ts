/** What configuration may be read from besides its own file. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a text file; throws when it cannot. */
  readonly readFile: (path: string) => string
}

export interface Substituted {
  readonly text: string
  /** What was put in, such as `env MQTT_USER`; empty when nothing was. */
  readonly sources: readonly string[]
  /** A part came out of a file: it may be a secret. */
  readonly fromFile: boolean
  /** The whole text was one placeholder. */
  readonly whole: boolean
}

/** A placeholder that cannot be replaced. The message never holds a value. */
export class SubstitutionFault extends Error {}

const placeholder = /\$(\$?)\{([^}]*)\}/g

/**
 * Replaces `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` (without the line end at its end); `$${` stands
 * for `${`. Other dollar signs stay as they are. Throws SubstitutionFault.
 */
export function substitute(text: string, surroundings: Surroundings): Substituted {
  const sources: string[] = []
  let fromFile = false
  const result = text.replaceAll(placeholder, (whole: string, escaped: string, inside: string) => {
    if (escaped !== '') return whole.slice(1)
    const colon = inside.indexOf(':')
    const source = inside.slice(0, Math.max(0, colon))
    const name = inside.slice(colon + 1)
    if (source === 'env' && name !== '') return fromEnvironment(name, surroundings, sources)
    if (source === 'file' && name !== '') {
      fromFile = true
      sources.push(`file ${name}`)
      return fromFileText(name, surroundings)
    }
    throw new SubstitutionFault(
      `has the unknown placeholder ${whole}; write \${env:NAME} or \${file:PATH}, or $\${ for \${`,
    )
  })
  return { text: result, sources, fromFile, whole: /^\$\{[^}]*\}$/.test(text) }
}

function fromEnvironment(name: string, { env }: Surroundings, sources: string[]): string {
  const split = name.indexOf(':-')
  const variable = split === -1 ? name : name.slice(0, split)
  const value = env[variable]
  sources.push(`env ${variable}`)
  if (value !== undefined && (value !== '' || split === -1)) return value
  if (split !== -1) return name.slice(split + 2)
  throw new SubstitutionFault(`needs the environment variable ${variable}, which is not set`)
}

function fromFileText(path: string, { readFile }: Surroundings): string {
  try {
    return readFile(path).replace(/\r?\n$/, '')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new SubstitutionFault(`needs the file ${path}, which cannot be read (${code})`)
  }
}
