#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { aclCommand } from './cli/acl.ts'
import { apiKeyCommand } from './cli/api-key.ts'
import type { Command } from './cli/command.ts'
import { configCommand } from './cli/config.ts'
import { sendCommands } from './cli/device-command/send.ts'
import { showStatuses } from './cli/device-command/show-statuses.ts'
import { deviceCommand } from './cli/device-command.ts'
import { dispatch } from './cli/dispatch.ts'
import { examine } from './cli/doctor/examine.ts'
import { doctorCommand } from './cli/doctor.ts'
import { runExplain } from './cli/explain/explain.ts'
import { explainCommand } from './cli/explain.ts'
import { fleetCommand } from './cli/fleet.ts'
import { jobCommand } from './cli/job.ts'
import { runCommand } from './cli/run.ts'
import { rolesRunner } from './cli/run-roles.ts'
import { schemasCommand } from './cli/schemas.ts'
import { shadowCommand } from './cli/shadow.ts'
import { thingCommand } from './cli/thing.ts'
import { topicsCommand } from './cli/topics.ts'
import { versionCommand } from './cli/version.ts'
import { workOnSchemas } from './cli/work-on-schemas.ts'
import { workOnTopics } from './cli/work-on-topics.ts'
import { readTextSync } from './kernel/read-text.ts'

/** The process edge: the only file that knows `process` as a whole, and the one that says which commands there are. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const runRoles = rolesRunner({
  version,
  node: process.version,
  onSignal: (handle) => {
    process.on('SIGTERM', () => handle('SIGTERM'))
    process.on('SIGINT', () => handle('SIGINT'))
  },
  exit: (code) => process.exit(code),
})

const commands: readonly Command[] = [
  runCommand(runRoles),
  explainCommand((args, stdin, stdout, stderr) => runExplain(args, stdin, stdout, stderr, { bridgeVersion: version })),
  deviceCommand(sendCommands, showStatuses),
  thingCommand,
  shadowCommand,
  fleetCommand,
  jobCommand,
  apiKeyCommand,
  doctorCommand(examine),
  aclCommand,
  topicsCommand(workOnTopics),
  schemasCommand(workOnSchemas),
  configCommand,
  versionCommand(version),
]

// A reader such as `head` may leave before everything is written: that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await dispatch(commands, process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  readFile: readTextSync,
})
