import { readFile } from 'node:fs/promises'

/** The bytes of a file of the configuration; undefined when none is named. Rejects with the file system's error. */
export async function readIfNamed(file: string | null): Promise<Buffer | undefined> {
  return file === null ? undefined : readFile(file)
}
