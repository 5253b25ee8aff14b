import type { LoadedConfig } from '../config/load.ts'
import { systemClock } from '../kernel/clock.ts'
import { actionOf, chosenAction, configOf, configOptions, configOptionsText, readArguments } from './arguments.ts'
import type { Command, CommandIo } from './command.ts'
import {
  jsonOption,
  readSendOrder,
  readStatusOrder,
  type SendOrder,
  type StatusOrder,
  sendOptions,
  statusOptions,
} from './device-command/orders.ts'

/** Produces commands and follows them; resolves to the exit code. */
export type SendCommands = (config: LoadedConfig, order: SendOrder, io: CommandIo) => Promise<number>

/** Reads what became of commands; resolves to the exit code. */
export type ShowStatuses = (config: LoadedConfig, order: StatusOrder, io: CommandIo) => Promise<number>

/** `bridge command send|status`. */
export function deviceCommand(sendCommands: SendCommands, showStatuses: ShowStatuses): Command {
  return {
    name: 'command',
    summary: 'sends commands to devices and shows what became of them',
    help: `Usage: bridge command send --device SN --op NAME [--data JSON] [options]
       bridge command send --file commands.ndjson [--keep-going] [options]
       bridge command status [--id ID] [--device SN] [--since 1h] [--json] [options]

  send    writes commands to Kafka after the checks that the bridge makes too; a running command role does the rest
  status  reads what became of commands

Options of send:
  --device SN      serial number of the device
  --op NAME        operation, such as sync_user
  --data JSON      data of the operation, one JSON object; @FILE reads it from a file, so that no list of processes
                   shows it
  --id ID          command id; made when absent
  --expires TIME   never published later than this from now: 500ms, 30s, 5m, 1h, 2d
  --if-offline W   wait: publish when the device comes online; fail (default): give up
  --sensitive      the data is secret: answers are not written down
  --correlation C  copied to every status
  --file FILE      one JSON object a line, with the members deviceSn, op, data, commandId, sensitive, ifOffline (WAIT
                   or FAIL), expiresAt (milliseconds), correlationId; the options above stand in for what a line leaves
                   out. Nothing is sent when a line is wrong
  --keep-going     with --file: name the wrong lines and send the others
  --wait           follow the commands to their ends
  --wait-for WHAT  published: the broker has it; reply (default): the device has done it. Implies --wait
  --timeout TIME   give up waiting after this (60s); the commands go on

Options of status:
  --id ID          of this command
  --device SN      of this device; reads its partition alone
  --since TIME     not older than this (1h)

Options of both:
  --json           NDJSON: with send one line for each command, with --wait and for status one for each status
${configOptionsText}
Exit codes: 0 all were sent, or all ended well (--wait: SUCCEEDED, or PUBLISHED with --wait-for published), or statuses
were found; 1 one failed (FAILED, REJECTED, EXPIRED, NO_SUBSCRIBER), a line was left out, or no status was found; 2 the
command line or a line of the file is wrong and nothing was sent; 69 Kafka or the registry does not answer; 75 no end in
time; 78 configuration.

Examples:
  bridge command send --device SN7A2300583 --op sync_user --data '{"user_id":"1001"}' --expires 30s --wait
  bridge command send --device SN7A2300583 --op set_template --data @face.json --sensitive --if-offline wait --expires 1d
  bridge command send --file commands.ndjson --wait --timeout 5m
  bridge command status --device SN7A2300583 --since 2d
`,
    run: async (args, io) => {
      const all = { ...configOptions, ...jsonOption, ...sendOptions, ...statusOptions }
      const action = actionOf(args, all, ['send', 'status'])
      if (action === 'send') {
        const { values, positionals } = readArguments(args, { ...configOptions, ...jsonOption, ...sendOptions })
        chosenAction(positionals, ['send'])
        const order = readSendOrder(values, io, systemClock.now())
        return sendCommands(configOf(values, io), order, io)
      }
      const { values, positionals } = readArguments(args, { ...configOptions, ...jsonOption, ...statusOptions })
      chosenAction(positionals, ['status'])
      return showStatuses(configOf(values, io), readStatusOrder(values), io)
    },
  }
}
