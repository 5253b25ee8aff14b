import { configName } from './addresses.ts'
import { napper } from './roster.ts'
import { newcomer } from './thermostats.ts'

/** Something to type in a second terminal, and what it shows. */
export interface Hint {
  readonly shows: string
  readonly line: string
}

const command = (action: string, rest: string): string =>
  `node dist/main.js command ${action} --config ${configName} ${rest}`

/** Lines that work as they stand, in the project's folder, while the demo runs; the first ones matter most. */
export function hintsFor(brokers: readonly string[]): readonly Hint[] {
  const kcat = `kcat -b ${brokers.join()} -t cams.command.v1 -P -K: -X topic.partitioner=murmur2_random`
  return [
    { shows: 'a command to a device', line: command('send', '--device DEL-0001 --op get_info --wait') },
    {
      shows: `one that waits until ${napper} is online`,
      line: command('send', `--device ${napper} --op ping --if-offline wait --expires 1m --wait`),
    },
    { shows: 'one to nobody', line: command('send', '--device NOBODY --op ping --wait') },
    {
      shows: 'a thing that nobody knows yet',
      line: `node dist/main.js thing register ${newcomer} --client-id client-${newcomer} --config ${configName}`,
    },
    {
      shows: 'its temperature',
      line: `node dist/main.js shadow set ${newcomer} '{"targetTemperature":24}' --wait --config ${configName}`,
    },
    { shows: 'what became of commands', line: command('status', '--device DEL-0001') },
    { shows: 'a command from any Kafka client', line: `echo 'DEL-0001:{"op":"ping"}' | ${kcat}` },
    {
      shows: 'a punch',
      line: `npx tsx scripts/demo/publish.ts api/mqtt/v1/DEL-0001/evt '{"user_id":"7","att_time":'$(date +%s)'}'`,
    },
    { shows: 'the records of a topic', line: 'npx tsx scripts/demo/read.ts cams.attendance.v1 DEL-0001' },
  ]
}
