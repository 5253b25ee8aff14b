import { join } from 'node:path'
import type { Part } from './part.ts'
import { pythonVenv } from './prerequisites.ts'
import { runCommand } from './run-command.ts'

const requirement = 'confluent-kafka[avro,schemaregistry]==2.16.0'

/** Python with a Kafka client and an Avro reader nobody here wrote. */
export const foreignPart: Part = {
  name: 'foreign',
  version: '2.16.0',
  about: '60 MB, about 20 s',
  needs: [pythonVenv],
  fetch: async (folder) => {
    const venv = join(folder, 'venv')
    await runCommand('python3', ['-m', 'venv', venv])
    const install = ['-m', 'pip', 'install', '-q', '--only-binary', ':all:', requirement]
    await runCommand(join(venv, 'bin/python'), install, {
      next: 'see whether pip reaches its index, then run this again',
    })
    await runCommand(join(venv, 'bin/python'), ['-c', 'import confluent_kafka.schema_registry.avro'])
  },
  pins: {},
}
