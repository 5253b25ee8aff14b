import { Writable } from 'node:stream'
import { stringify } from 'yaml'
import { aclCommand } from '../../src/cli/acl.ts'
import type { Command, CommandIo } from '../../src/cli/command.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { examine } from '../../src/cli/doctor/examine.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { schemasCommand } from '../../src/cli/schemas.ts'
import { topicsCommand } from '../../src/cli/topics.ts'
import { workOnSchemas } from '../../src/cli/work-on-schemas.ts'
import { workOnTopics } from '../../src/cli/work-on-topics.ts'
import type { SettingsTree } from './ingest-worker.ts'

export interface CommandRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const commands: readonly Command[] = [
  doctorCommand(examine),
  aclCommand,
  topicsCommand(workOnTopics),
  schemasCommand(workOnSchemas),
]

/** Runs a command of the bridge in this process, with these settings as its configuration file. */
export async function runCommandWith(settings: SettingsTree, args: readonly string[]): Promise<CommandRun> {
  const [stdout, stderr] = [new Collected(), new Collected()]
  const io: CommandIo = {
    stdin: process.stdin,
    stdout,
    stderr,
    env: {},
    readFile: () => stringify(settings),
  }
  const code = await dispatch(commands, [...args, '--config', 'bridge.yaml'], io)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

export interface Diagnosis {
  readonly code: number
  readonly findings: readonly Finding[]
  /** Those that failed. */
  readonly failed: readonly Finding[]
  /** The findings of a check, `server.check`, such as `mqtt.login`. */
  of(check: string): readonly Finding[]
}

/** What `bridge doctor --json` finds. */
export async function diagnose(settings: SettingsTree, roles: string, timeoutSeconds = 20): Promise<Diagnosis> {
  const args = ['doctor', '--json', '--role', roles, '--timeout', String(timeoutSeconds)]
  const { code, stdout, stderr } = await runCommandWith(settings, args)
  if (stderr !== '') throw new Error(stderr)
  const findings = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Finding)
  return {
    code,
    findings,
    failed: findings.filter(({ level }) => level === 'fail'),
    of: (check) => findings.filter((finding) => `${finding.server}.${finding.check}` === check),
  }
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk)
    done()
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}
