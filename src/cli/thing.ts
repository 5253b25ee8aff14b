import { actionOf, configOf, configOptions, configOptionsText, noWords, oneWord, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { readTextFile } from './text-argument.ts'
import { Account } from './things/account.ts'
import { settingsWithFleet } from './things/fleet-on.ts'
import { listThings } from './things/list-things.ts'
import { registerThing, registerThings, type ThingChange, unregisterThing } from './things/register.ts'
import { showThing } from './things/show-thing.ts'
import { readThingName } from './things/thing-name.ts'
import { UsageError } from './usage-error.ts'

const commonOptions = { ...configOptions, json: { type: 'boolean' } } as const
const listOptions = { ...commonOptions, type: { type: 'string' }, tag: { type: 'string', multiple: true } } as const
const registerOptions = {
  ...listOptions,
  'client-id': { type: 'string' },
  id: { type: 'string' },
  group: { type: 'string', multiple: true },
  description: { type: 'string' },
  file: { type: 'string' },
} as const

/** `bridge thing register|unregister|show|list`: the registry of things (fleets 8). */
export const thingCommand: Command = {
  name: 'thing',
  summary: 'registers things and shows what is known about them',
  help: `Usage: bridge thing register NAME [--client-id ID] [options]
       bridge thing register --file things.ndjson [options]
       bridge thing unregister NAME [options]
       bridge thing show NAME [--json] [options]
       bridge thing list [--type T] [--tag K=V] [--json] [options]

  register    makes a thing known, or changes what is said of it; what is not said stays as it is
  unregister  forgets a thing: its shadow too; what is open for it ends as FAILED or REMOVED
  show        registration, presence, shadow, commands and jobs of a thing
  list        all things and whether they are online

Options of register:
  --client-id ID   MQTT client id under which it connects; the name when absent
  --type T, --id UUID, --description TEXT
  --group G        may be repeated; --tag K=V too: those given replace all that were there
  --file FILE      one JSON object a line, with the members thingName, mqttClientId, thingId, thingType, groups, tags,
                   description; the line says all of a thing. Nothing is registered when a line is wrong

Options of list:
  --type T, --tag K=V  only things of this type, with this tag

Options of all:
  --json           NDJSON: a record a line; with show the member record says which: thing, presence, shadow, command or
                   execution
${configOptionsText}
Exit codes: 0 done; 1 there is no such thing; 2 the command line or a line of the file is wrong and nothing was written;
69 Kafka or the registry does not answer; 78 configuration.

Examples:
  bridge thing register t1 --client-id thermostat-1 --type com.example.thermostat --tag floor=2
  bridge thing show t1
  bridge thing list --tag floor=2
`,
  run: async (args, io) => {
    switch (actionOf(args, registerOptions, ['register', 'unregister', 'show', 'list'])) {
      case 'register':
        return register(args, io)
      case 'unregister': {
        const { values, positionals } = readArguments(args, commonOptions)
        const name = readThingName(oneWord(positionals.slice(1), 'the name of a thing'))
        return unregisterThing(settingsWithFleet(configOf(values, io)), name, new Account(values.json === true, io))
      }
      case 'show': {
        const { values, positionals } = readArguments(args, commonOptions)
        const name = readThingName(oneWord(positionals.slice(1), 'the name of a thing'))
        return showThing(settingsWithFleet(configOf(values, io)), name, new Account(values.json === true, io))
      }
      case 'list': {
        const { values, positionals } = readArguments(args, listOptions)
        noWords(positionals.slice(1))
        const filter = { type: values.type ?? null, tags: readTags(values.tag ?? []) }
        return listThings(settingsWithFleet(configOf(values, io)), filter, new Account(values.json === true, io))
      }
    }
  },
}

async function register(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, registerOptions)
  const account = new Account(values.json === true, io)
  if (values.file !== undefined) {
    noWords(positionals.slice(1))
    const other = (['client-id', 'id', 'type', 'group', 'tag', 'description'] as const).find(
      (name) => values[name] !== undefined,
    )
    if (other !== undefined) throw new UsageError(`--${other} does not go with --file: every line says its own`)
    const text = readTextFile(values.file, '--file', io)
    return registerThings(settingsWithFleet(configOf(values, io)), text, account)
  }
  const name = readThingName(oneWord(positionals.slice(1), 'the name of a thing'))
  const change: ThingChange = {
    ...(values['client-id'] === undefined ? {} : { mqttClientId: values['client-id'] }),
    ...(values.id === undefined ? {} : { thingId: values.id }),
    ...(values.type === undefined ? {} : { thingType: values.type }),
    ...(values.group === undefined ? {} : { groups: values.group }),
    ...(values.tag === undefined ? {} : { tags: readTags(values.tag) }),
    ...(values.description === undefined ? {} : { description: values.description }),
  }
  if (change.mqttClientId === '') throw new UsageError('--client-id takes the MQTT client id of the thing, not nothing')
  return registerThing(settingsWithFleet(configOf(values, io)), name, change, account)
}

function readTags(tags: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf('=')
      if (at < 1) throw new UsageError(`--tag takes NAME=VALUE, not ${JSON.stringify(tag)}`)
      return [tag.slice(0, at), tag.slice(at + 1)]
    }),
  )
}
