import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { groundScripts } from '../place.ts'
import type { Part } from './part.ts'
import { java, javac, maven, tar } from './prerequisites.ts'
import { runCommand } from './run-command.ts'

const next = 'see whether Maven reaches its repository (mvn -B dependency:get …), then run this again'

// Strict checksums (-C): a file that is not what the repository's checksum says fails the fetch.
const quiet = ['-q', '-B', '-C']

/** The jars a pom of ours names, with all they need, in `lib/`. */
async function copyJars(name: string, folder: string): Promise<void> {
  const pom = join(groundScripts(), 'java', name, 'pom.xml')
  const output = `-DoutputDirectory=${join(folder, 'lib')}`
  await runCommand('mvn', [...quiet, 'dependency:copy-dependencies', '-DincludeScope=runtime', output, '-f', pom], {
    next,
  })
}

/** Our main class, compiled against the jars it needs. */
async function compile(source: string, folder: string): Promise<void> {
  await mkdir(join(folder, 'classes'))
  await runCommand('javac', ['-nowarn', '-cp', join(folder, 'lib', '*'), '-d', join(folder, 'classes'), source])
}

/** Eight digits that change with a source file, so that an edited main class is compiled again. */
function digestOf(source: string): string {
  return createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 8)
}

const artemisMain = join(groundScripts(), 'java/artemis/ArtemisBroker.java')
const hivemqMain = join(groundScripts(), 'java/hivemq/HivemqBroker.java')

export const kafkaPart: Part = {
  name: 'kafka',
  version: '4.3.1',
  about: '55 MB, about 15 s',
  needs: [java, maven],
  fetch: (folder) => copyJars('kafka', folder),
  pins: { 'lib/kafka_2.13-4.3.1.jar': 'b098abef5ff878e76f60cd6c559b9baa5663ccb1b55f2837558b22c329d32423' },
}

export const registryPart: Part = {
  name: 'registry',
  version: '3.0.9',
  about: '109 MB, about 10 s',
  needs: [java, maven, tar],
  fetch: async (folder) => {
    const artifact = '-Dartifact=io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all'
    await runCommand('mvn', [...quiet, 'dependency:copy', artifact, `-DoutputDirectory=${folder}`], { next })
    const archive = join(folder, 'apicurio-registry-app-3.0.9-all.tar.gz')
    await runCommand('tar', ['xzf', archive, '-C', folder])
    await rm(archive)
  },
  pins: {
    'apicurio-registry-app-3.0.9-runner.jar': '5f030c7fa9e1e28a8a35fe5f00391fcaac2be02f6b4eedb3cc79474a3aa34097',
  },
}

export const artemisPart: Part = {
  name: 'artemis',
  version: `2.55.0-${digestOf(artemisMain)}`,
  about: '18 MB, about 12 s',
  needs: [java, javac, maven],
  fetch: async (folder) => {
    await copyJars('artemis', folder)
    await compile(artemisMain, folder)
  },
  pins: { 'lib/artemis-server-2.55.0.jar': '170b28c357758b9bed6a6d1bd97ed19c355047e0a4b38b8f61b3ebe14c934f2c' },
}

export const hivemqPart: Part = {
  name: 'hivemq',
  version: `2025.5-${digestOf(hivemqMain)}`,
  about: '100 MB, about 20 s',
  needs: [java, javac, maven],
  fetch: async (folder) => {
    await copyJars('hivemq', folder)
    await compile(hivemqMain, folder)
  },
  pins: {
    'lib/hivemq-community-edition-embedded-2025.5.jar':
      'cc625155d166f729de00192ff4502de7a88e8db6c59fb263d2936044728d4861',
  },
}
