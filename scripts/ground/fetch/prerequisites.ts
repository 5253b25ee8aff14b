import { spawnSync } from 'node:child_process'

/** A command of the machine, what it is for, and what to do when it is not there. */
export interface Prerequisite {
  readonly command: readonly [string, ...string[]]
  readonly next: string
}

export const java: Prerequisite = {
  command: ['java', '-version'],
  next: 'install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless)',
}
export const javac: Prerequisite = {
  command: ['javac', '-version'],
  next: 'install a JDK 17 or newer (Debian: apt-get install openjdk-17-jdk-headless)',
}
export const maven: Prerequisite = {
  command: ['mvn', '-v'],
  next: 'install Maven 3 (Debian: apt-get install maven); it fetches the jars',
}
export const tar: Prerequisite = { command: ['tar', '--version'], next: 'install tar' }
export const apt: Prerequisite = {
  command: ['apt-get', '--version'],
  next: 'use Debian or Ubuntu, whose package archive has Mosquitto; root is not needed',
}
export const dpkg: Prerequisite = {
  command: ['dpkg', '--version'],
  next: 'use Debian or Ubuntu; dpkg unpacks the packages',
}
export const openssl: Prerequisite = {
  command: ['openssl', 'version'],
  next: 'install openssl (Debian: apt-get install openssl); it makes the test certificates',
}
export const go: Prerequisite = {
  command: ['go', 'version'],
  next: 'install Go 1.25 or newer; it builds Kubernetes',
}
export const pythonVenv: Prerequisite = {
  command: ['python3', '-c', 'import venv, ensurepip'],
  next: 'install Python 3 with venv (Debian: apt-get install python3-venv)',
}

export class MissingPrerequisite extends Error {}

/** Throws naming every command that is missing and the next step for each. */
export function requireAll(purpose: string, needs: readonly Prerequisite[]): void {
  const missing = needs.filter(
    ({ command: [file, ...args] }) => spawnSync(file, args, { stdio: 'ignore' }).status !== 0,
  )
  if (missing.length === 0) return
  const lines = missing.map(({ command, next }) => `  ${command[0]} is missing. Next: ${next}`)
  throw new MissingPrerequisite(`${purpose} cannot be had on this machine yet:\n${lines.join('\n')}`)
}
