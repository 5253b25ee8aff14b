import { randomBytes } from 'node:crypto'
import type { Settings } from '../config/settings.ts'
import { secretHash } from '../fleet/http/credentials.ts'
import { apiKeyFault } from '../fleet/registry.ts'
import { codecOf } from '../records/codec.ts'
import type { ApiKeyRecord } from '../records/generated/api-key-record.ts'
import { actionOf, configOf, configOptions, configOptionsText, noWords, oneWord, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { Onlooker } from './onlooker.ts'
import { harmless, textTable } from './text-table.ts'
import { Account } from './things/account.ts'
import { settingsWithFleet } from './things/fleet-on.ts'
import { readThingName } from './things/thing-name.ts'
import { writeRecords } from './things/write-records.ts'
import { UsageError } from './usage-error.ts'

const commonOptions = { ...configOptions, json: { type: 'boolean' } } as const
const createOptions = {
  ...commonOptions,
  thing: { type: 'string', multiple: true },
  description: { type: 'string' },
} as const

const shadowPaths = '/api/v1/thing-datas/'

/** `bridge api-key create|list|revoke`: who may read shadows over HTTP (fleets 4.1). */
export const apiKeyCommand: Command = {
  name: 'api-key',
  summary: 'makes and withdraws API keys of the HTTP interface of things',
  help: `Usage: bridge api-key create NAME [--thing T] [--description TEXT] [options]
       bridge api-key list [--json] [options]
       bridge api-key revoke NAME [options]

  create  makes a key and prints its secret, which nothing stores: Kafka gets a salted hash
  list    all keys and what they may do
  revoke  withdraws a key

Options:
  --thing T        create: may read the shadow of this thing alone; may be repeated. All shadows when absent
  --description TEXT  create: for people
  --json           one JSON object a line
${configOptionsText}
Exit codes: 0 done; 1 there is such a key already, or none; 2 the command line is wrong; 69 Kafka or the registry does not
answer; 78 configuration.

Examples:
  bridge api-key create t1-device --thing t1
  curl -u "t1-device:$SECRET" http://bridge.example:8080/api/v1/thing-datas/t1/shadow
`,
  run: async (args, io) => {
    switch (actionOf(args, createOptions, ['create', 'list', 'revoke'])) {
      case 'create':
        return create(args, io)
      case 'list': {
        const { values, positionals } = readArguments(args, commonOptions)
        noWords(positionals.slice(1))
        return list(settingsWithFleet(configOf(values, io)), new Account(values.json === true, io))
      }
      case 'revoke': {
        const { values, positionals } = readArguments(args, commonOptions)
        const name = oneWord(positionals.slice(1), 'the name of a key')
        const settings = settingsWithFleet(configOf(values, io))
        const account = new Account(values.json === true, io)
        if (!(await readKeys(settings)).has(name)) {
          account.note(`there is no key ${harmless(name)}; see: bridge api-key list`)
          return exitCodes.failed
        }
        await writeRecords(settings, 'apiKeyRegistry', [[name, null]], account)
        account.note(`revoked ${harmless(name)}`)
        return exitCodes.ok
      }
    }
  },
}

async function create(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, createOptions)
  const apiKey = oneWord(positionals.slice(1), 'a name for the key')
  if (apiKey === '' || apiKey.includes(':')) throw new UsageError('the name of a key holds no colon')
  const prefixes = values.thing?.map((thing) => `${shadowPaths}${encodeURIComponent(readThingName(thing))}/`) ?? [
    shadowPaths,
  ]
  const settings = settingsWithFleet(configOf(values, io))
  const account = new Account(values.json === true, io)
  // Whoever uses the key now would be shut out.
  if ((await readKeys(settings)).has(apiKey)) {
    account.note(
      `there is a key ${harmless(apiKey)} already; take another name, or: bridge api-key revoke ${harmless(apiKey)}`,
    )
    return exitCodes.failed
  }
  const secret = randomBytes(24).toString('base64url')
  const salt = randomBytes(16)
  const record: ApiKeyRecord = {
    apiKey,
    salt,
    secretHash: secretHash(salt, secret),
    permissions: prefixes.map((pathPrefix) => ({ method: 'GET', pathPrefix })),
    enabled: true,
    description: values.description ?? null,
  }
  await writeRecords(settings, 'apiKeyRegistry', [[apiKey, record]], account)
  account.note('The secret is shown this once:')
  io.stdout.write(account.json ? `${JSON.stringify({ apiKey, secret })}\n` : `${harmless(apiKey)}:${secret}\n`)
  return exitCodes.ok
}

async function list(settings: Settings, account: Account): Promise<number> {
  const keys = [...(await readKeys(settings)).values()].sort((one, other) => (one.apiKey < other.apiKey ? -1 : 1))
  const rows: string[][] = []
  for (const { apiKey, enabled, permissions, description } of keys) {
    // Without salt and hash: nobody needs them to see who may what.
    if (account.json) account.io.stdout.write(`${JSON.stringify({ apiKey, enabled, permissions, description })}\n`)
    else {
      const may = permissions.map(({ method, pathPrefix }) => `${method} ${pathPrefix}`).join(', ')
      rows.push([apiKey, enabled ? 'enabled' : 'disabled', may, description ?? ''].map(harmless))
    }
  }
  account.io.stdout.write(textTable(['KEY', 'STATE', 'MAY', 'DESCRIPTION'], rows))
  if (keys.length === 0) account.note('no key found')
  return keys.length === 0 ? exitCodes.failed : exitCodes.ok
}

async function readKeys(settings: Settings): Promise<ReadonlyMap<string, ApiKeyRecord>> {
  const keys = new Map<string, ApiKeyRecord>()
  const look = new Onlooker(settings)
  look.on('apiKeyRegistry', codecOf('ApiKeyRecord'), { keys: null, from: 'first' }, (record, key) => {
    if (apiKeyFault(key, record) !== null) return
    if (record === null) keys.delete(key)
    else keys.set(key, record)
  })
  await look.begin()
  await look.readToEnd()
  return keys
}
