import type { Settings } from '../config/settings.ts'
import { sectionFault } from '../fleet/shadow/section-check.ts'
import { actionOf, configOf, configOptions, configOptionsText, oneWord, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import { readTimeout } from './duration.ts'
import { Account } from './things/account.ts'
import { ask } from './things/ask.ts'
import { settingsWithFleet } from './things/fleet-on.ts'
import { fleetRequest } from './things/fleet-request.ts'
import { readJsonArgument } from './things/json-argument.ts'
import { ShadowSequel } from './things/shadow-sequel.ts'
import { showShadow } from './things/show-shadow.ts'
import { readThingName } from './things/thing-name.ts'
import { UsageError } from './usage-error.ts'

const getOptions = { ...configOptions, json: { type: 'boolean' } } as const
const setOptions = {
  ...getOptions,
  version: { type: 'string' },
  wait: { type: 'boolean' },
  timeout: { type: 'string' },
  'request-id': { type: 'string' },
} as const

/** `bridge shadow get|set`: the shadow of a thing (fleets 3 and 9.3). */
export const shadowCommand: Command = {
  name: 'shadow',
  summary: 'shows what a thing reports and sets what it should be',
  help: `Usage: bridge shadow get NAME [--json] [options]
       bridge shadow set NAME JSON [--version N] [--wait] [options]

  get  what the thing has reported, what is desired, and the difference
  set  lays JSON over the desired state: objects merge, null deletes a member; the text null empties it. @FILE reads it
       from a file

Options of set:
  --version N      only when the shadow has this version
  --wait           until the thing has reported what is desired
  --timeout TIME   give up waiting after this (60s, the answer 15s); what was asked stays asked
  --request-id ID  the same request again is answered again and not done again

Options of both:
  --json           get: one JSON object; set: NDJSON, a record a line, the member record says which: result or change
${configOptionsText}
Exit codes: 0 done; 1 refused, or there is no such thing; 2 the command line is wrong and nothing was asked; 69 Kafka or
the registry does not answer; 75 no answer of the bridge in time, or (--wait) the thing has not reported yet; 78
configuration.

Examples:
  bridge shadow get t1
  bridge shadow set t1 '{"targetTemperature":24}' --wait
  bridge shadow set t1 '{"schedule":null}' --version 7
`,
  run: async (args, io) => {
    if (actionOf(args, setOptions, ['get', 'set']) === 'set') return set(args, io)
    const { values, positionals } = readArguments(args, getOptions)
    const thing = readThingName(oneWord(positionals.slice(1), 'the name of a thing'))
    const settings = settingsWithFleet(configOf(values, io))
    return showShadow(settings, thing, new Account(values.json === true, io))
  },
}

async function set(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readArguments(args, setOptions)
  const [, name, json, ...rest] = positionals
  if (name === undefined) throw new UsageError('needs the name of a thing')
  const thingName = readThingName(name)
  const desired = oneWord(json === undefined ? [] : [json, ...rest], 'the desired state as JSON')
  const timeoutMs = readTimeout(values.timeout ?? '60s', '--timeout')
  if (values.version !== undefined && !/^\d{1,15}$/.test(values.version)) {
    throw new UsageError('--version takes a whole number')
  }
  const settings = settingsWithFleet(configOf(values, io))
  const request = fleetRequest(
    'SET_DESIRED',
    values['request-id'],
    {
      thingName,
      desiredJson: readDesired(desired, settings, io),
      version: values.version === undefined ? null : Number(values.version),
    },
    io,
  )
  const account = new Account(values.json === true, io)
  const sequel = values.wait === true ? new ShadowSequel(thingName, account) : null
  return ask(settings, { channel: 'shadowRequests', key: thingName, request }, sequel, timeoutMs, account)
}

/** The JSON text of a write, by the checks that the bridge makes too. Throws UsageError. */
function readDesired(given: string, settings: Settings, io: CommandIo): string {
  if (given === 'null') return given
  const { text, value } = readJsonArgument(given, 'the desired state', io)
  const { maxDepth } = settings.fleet.shadow
  const fault = sectionFault(value, maxDepth)
  if (fault === null) return text
  throw new UsageError(
    fault === 'too deep'
      ? `the desired state is nested deeper than fleet.shadow.maxDepth, ${maxDepth}`
      : 'the desired state holds a null inside an array, an empty member name, or one called __proto__',
  )
}
