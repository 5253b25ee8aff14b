import { isExecutionId } from '../fleet/names.ts'
import { actionOf, configOf, configOptions, configOptionsText, oneWord, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { readDuration } from './duration.ts'
import { Account } from './things/account.ts'
import { ask } from './things/ask.ts'
import { CommandSequel } from './things/command-sequel.ts'
import { settingsWithFleet } from './things/fleet-on.ts'
import { fleetRequest } from './things/fleet-request.ts'
import { readJsonArgument } from './things/json-argument.ts'
import { readThingName } from './things/thing-name.ts'
import { UsageError } from './usage-error.ts'

const cancelOptions = {
  ...configOptions,
  json: { type: 'boolean' },
  thing: { type: 'string' },
  id: { type: 'string' },
  'request-id': { type: 'string' },
} as const
const sendOptions = {
  ...cancelOptions,
  action: { type: 'string' },
  params: { type: 'string' },
  ttl: { type: 'string' },
  wait: { type: 'boolean' },
} as const

/** The bridge ends a command when its time to live is over; the answer comes a little later. */
const marginMs = 15_000

/** `bridge fleet command send|cancel`: commands to things (fleets 6 and 9.3). */
export const fleetCommand: Command = {
  name: 'fleet',
  summary: 'sends commands to things',
  help: `Usage: bridge fleet command send --thing NAME --action A [--params JSON] [--wait] [options]
       bridge fleet command cancel --thing NAME --id ID [options]

  send    has a thing run an action now
  cancel  gives a command up that was not answered; the thing is not told

Options of send:
  --action A       name of the action, such as setTemperature
  --params JSON    input of the action, one JSON object; @FILE reads it from a file
  --ttl TIME       it is TIMED_OUT when the thing has not answered by then: whole seconds, such as 30s, 5m
                   (fleet.commands.defaultTtlSeconds)
  --wait           until the thing has answered, or the time to live is over

Options of both:
  --thing NAME     the thing
  --id ID          execution id; send: made when absent
  --request-id ID  the same request again is answered again and not done again
  --json           NDJSON: a record a line, the member record says which: result or execution
${configOptionsText}
Exit codes: 0 accepted, or SUCCEEDED with --wait; 1 refused, or it ended in another way; 2 the command line is wrong and
nothing was asked; 69 Kafka or the registry does not answer; 75 no answer of the bridge in time; 78 configuration.

Examples:
  bridge fleet command send --thing t1 --action setTemperature --params '{"value":24}' --wait
  bridge fleet command cancel --thing t1 --id 5b0c7a9f7d1e2f30
`,
  run: async (args, io) => {
    const [word, ...rest] = args
    if (word !== 'command') throw new UsageError('says not what to do: command send or command cancel')
    return actionOf(rest, sendOptions, ['send', 'cancel']) === 'send' ? send(rest, io) : cancel(rest, io)
  },
}

async function send(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, sendOptions)
  const thingName = readThing(values.thing, positionals)
  if (values.action === undefined || values.action === '') throw new UsageError('needs --action A')
  const params = values.params === undefined ? null : readJsonArgument(values.params, '--params', io).text
  const ttl = values.ttl === undefined ? null : readSeconds(values.ttl)
  const settings = settingsWithFleet(configOf(values, io))
  const fields = { thingName, action: values.action, paramsJson: params, ttl, executionId: readId(values.id) }
  const request = fleetRequest('SEND_COMMAND', values['request-id'], fields, io)
  const executionId = request.executionId ?? request.requestId
  if (!isExecutionId(executionId)) throw new UsageError('needs --id, as the --request-id is no execution id')
  const account = new Account(values.json === true, io)
  const timeoutMs = (ttl ?? settings.fleet.commands.defaultTtlSeconds) * 1000 + marginMs
  const sequel = new CommandSequel(thingName, executionId, account)
  const asked = { channel: 'commandRequests', key: thingName, request } as const
  return ask(settings, asked, values.wait === true ? sequel : null, timeoutMs, account)
}

async function cancel(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, cancelOptions)
  const thingName = readThing(values.thing, positionals)
  const executionId = readId(values.id)
  if (executionId === null) throw new UsageError('needs --id ID')
  const settings = settingsWithFleet(configOf(values, io))
  const request = fleetRequest('CANCEL_COMMAND', values['request-id'], { thingName, executionId }, io)
  const account = new Account(values.json === true, io)
  return ask(settings, { channel: 'commandRequests', key: thingName, request }, null, null, account)
}

function readThing(name: string | undefined, positionals: readonly string[]): string {
  oneWord(positionals, 'what to do')
  if (name === undefined) throw new UsageError('needs --thing NAME')
  return readThingName(name)
}

function readId(id: string | undefined): string | null {
  if (id === undefined || isExecutionId(id)) return id ?? null
  throw new UsageError('--id takes 1 to 64 of letters, digits, _ and -')
}

function readSeconds(text: string): number {
  const seconds = readDuration(text, '--ttl') / 1000
  if (Number.isInteger(seconds)) return seconds
  throw new UsageError('--ttl takes whole seconds, such as 30s or 5m')
}
