import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCredentials } from '../../../src/kernel/credential-files.ts'

let folder = ''
const none = { caFile: null, certFile: null, keyFile: null, secretFile: null }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

test('a secret without the line end at its end, whichever it is', async () => {
  for (const end of ['', '\n', '\r\n']) {
    const secretFile = await file('secret', ` with spaces ${end}`)
    expect((await readCredentials({ ...none, secretFile })).secret?.toString()).toBe(' with spaces ')
  }
})

test('the digests change when a file does, and only its own', async () => {
  const secretFile = await file('changing', 'one')
  const one = (await readCredentials({ ...none, secretFile })).digests
  expect((await readCredentials({ ...none, secretFile })).digests).toEqual(one)
  await file('changing', 'two')
  const two = (await readCredentials({ ...none, secretFile })).digests
  expect([...two.keys()]).toEqual([secretFile])
  expect(two).not.toEqual(one)
})

/** Guards every `throw new UnusableFile` but that of a key that is another certificate's (system/rotation.test.ts). */
test.each([
  ['secretFile', '', 'is empty'],
  ['secretFile', '\n', 'is empty'],
  ['caFile', '', 'holds no certificate in PEM form'],
  ['caFile', 'planted-8d2f', 'holds no certificate in PEM form'],
  ['certFile', '-----BEGIN CERTIFICATE-----\nplanted-8d2f', 'holds a certificate that is cut off or broken'],
  ['keyFile', '-----BEGIN PRIVATE KEY-----\nplanted-8d2f', 'holds no key in PEM form without a password'],
])('%s with %j cannot be used, and what is in it is not said', async (option, content, problem) => {
  const path = await file(`bad-${option}`, content)
  const failure = await readCredentials({ ...none, [option]: path }).then(
    () => null,
    (error: Error) => error,
  )
  expect(failure).toMatchObject({ file: path, message: `${path}: ${problem}` })
})

test('a file that is not there', async () => {
  const caFile = join(folder, 'nobody')
  await expect(readCredentials({ ...none, caFile })).rejects.toThrow(`${caFile}: cannot be read (ENOENT)`)
})
