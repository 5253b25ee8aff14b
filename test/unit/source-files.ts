import { readdirSync, readFileSync } from 'node:fs'

export interface SourceFile {
  /** Below src, with forward slashes: `mqtt/tap.ts`. */
  readonly path: string
  readonly text: string
}

const root = new URL('../../src/', import.meta.url)

/** Every file of src. */
export function sourceFiles(): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }))
}
