import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it, vi } from 'vitest'

// The whole program is loaded, compiled on the way; a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 })

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-cli-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** Runs the real program in a process of its own. */
async function bridge(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { env: { ...process.env, ...env } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const code = await new Promise((resolve) => child.once('close', resolve))
  return { code, out, err }
}

it('reads the file, the environment and the secret beside it, and never prints a secret', async () => {
  const folder = folderWith({
    'bridge.yaml':
      'mqtt:\n  slot: ${env:POD_NAME}\n  password: ${file:pw}\nregistry:\n  password: ${env:REGISTRY_PASSWORD}\n',
    pw: 'planted-file\n',
  })
  const config = join(folder, 'bridge.yaml')
  const env = { POD_NAME: 'bridge-ingest-4', REGISTRY_PASSWORD: 'planted-env' }
  const { code, out, err } = await bridge(['config', 'print', '--origin', '--config', config], env)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain(`  slot: 4  # ${config}:2, env POD_NAME\n`)
  expect(out).toContain(`  password: "(secret)"  # ${config}:3, file pw\n`)
  expect(out).not.toContain('planted')
})

it('ends with 78 when the configuration is wrong, and says why without the secret', async () => {
  const folder = folderWith({ 'bridge.yaml': 'attendance:\n  pseudonym:\n    key: ${env:KEY}\n' })
  const { code, out, err } = await bridge(['run', '--config', join(folder, 'bridge.yaml')], { KEY: 'planted-key' })
  expect({ code, out }).toEqual({ code: 78, out: '' })
  expect(err).toContain('attendance.pseudonym.key')
  expect(err).not.toContain('planted')
})

// Guards kernel/read-text.ts `fatal`.
it('takes no file that is not UTF-8: other letters would be sent than were meant', async () => {
  const folder = folderWith({})
  const file = join(folder, 'c.ndjson')
  writeFileSync(file, Buffer.from('{"deviceSn":"SN1","op":"ping","data":{"name":"Jos\u00e9"}}', 'latin1'))
  const { code, out, err } = await bridge(['command', 'send', '--file', file])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(`--file: ${file} cannot be read (ERR_ENCODING_INVALID_ENCODED_DATA)`)
})
