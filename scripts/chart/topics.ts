import { stringify } from 'yaml'
import { wantedTopic } from '../../src/kafka/topics.ts'
import { catalogue, channelNames } from '../../src/records/catalogue.ts'

/** The catalogue of topics for the chart's templates: partitions and settings as `bridge topics apply` makes them. */
export function topicsFile(): string {
  const topics = channelNames.map((name) => {
    const channel = catalogue[name]
    const { config } = wantedTopic(channel, channel.topic, channel.partitions, null)
    return { channel: name, topic: channel.topic, room: channel.room, partitions: channel.partitions, config }
  })
  return `# Made by scripts/chart.ts from src/records/catalogue.ts. Do not edit.\n${stringify({ topics })}`
}
