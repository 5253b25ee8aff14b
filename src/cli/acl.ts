import type { LoadedConfig } from '../config/load.ts'
import { type NeedyName, needsOf, needyNames } from '../roles/needs.ts'
import { type AccessFormat, accessFormats, accessText } from './access-lists.ts'
import { configOf, configOptions, configOptionsText, noWords, readArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { defaultRoles, namedRoles } from './role-option.ts'
import { UsageError } from './usage-error.ts'

/** `bridge acl`: nothing is connected. */
export const aclCommand: Command = {
  name: 'acl',
  summary: 'prints the access lists of EMQX and Kafka that this configuration needs, and no more',
  help: `Usage: bridge acl [--role ROLES] [--format FORMAT] [options]

Prints what the user of the bridge must be allowed, one right per line. Topics, groups and filters are those of the
configuration; every line is needed (bridge doctor says what is missing).

Options:
  --role ROLES     for whom: some of ${needyNames.join(',')};
                   when absent the roles that bridge run would run
  --format FORMAT  text (both, with explanations), kafka (kafka-acls.sh), emqx (acl.conf),
                   emqx-rest (rules of EMQX's built-in database), json
  --principal NAME Kafka's name of the user, such as User:CN=bridge; when absent User:<kafka.sasl.username>;
                   needed for the mechanism oauthbearer
${configOptionsText}
Exit codes: 0 printed, 78 configuration.

Example:
  bridge acl --config bridge.yaml --role ingest --format kafka | sh
`,
  run: async (args, io) => {
    const { values, positionals } = readArguments(args, {
      ...configOptions,
      role: { type: 'string', multiple: true },
      format: { type: 'string' },
      principal: { type: 'string' },
    })
    noWords(positionals)
    const roles = namedRoles(values.role, needyNames)
    const format = formatOf(values.format ?? 'text')
    const config = configOf(values, io)
    io.stdout.write(textOf(config, roles ?? defaultRoles(config), format, values.principal ?? null))
    return exitCodes.ok
  },
}

function textOf(
  { settings }: LoadedConfig,
  roles: readonly NeedyName[],
  format: AccessFormat,
  principal: string | null,
): string {
  const { username, mechanism } = settings.kafka.sasl
  if (mechanism === 'oauthbearer' && principal === null) {
    throw new UsageError('whom a token names is known to the broker: give --principal, such as User:<sub of the token>')
  }
  return accessText(needsOf(roles, settings), settings, format, principal ?? `User:${username ?? 'ANONYMOUS'}`)
}

function formatOf(text: string): AccessFormat {
  const format = accessFormats.find((known) => known === text)
  if (format === undefined) throw new UsageError(`there is no format ${text}; allowed: ${accessFormats.join(', ')}`)
  return format
}
