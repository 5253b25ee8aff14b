import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes a generated file, or with `--check` among the arguments says whether it is as it should be: exit code 1 when
 * not.
 */
export function writeOrCheck(url: URL, content: string, command: string): void {
  if (!process.argv.includes('--check')) {
    mkdirSync(new URL('.', url), { recursive: true })
    writeFileSync(url, content)
    return
  }
  let current = ''
  try {
    current = readFileSync(url, 'utf8')
  } catch {
    // A missing file is as stale as an old one.
  }
  if (current === content) return
  console.error(`${url.pathname} is stale; run: ${command}`)
  process.exitCode = 1
}
