import { type IngestResults, ingestTargets } from './ingest-results.ts'
import { circumstancesLine, drainRow, markdown, rateRow, targetTable } from './tables.ts'

/** The results as Markdown: printed by `make bench-ingest`, and part of docs/performance.md. */
export function ingestTables(results: IngestResults): string {
  const { drain, rate, setting, fullWindows } = results
  const rounds = drain.bridge.messagesPerSecond.length
  return `${circumstancesLine(results)}
${setting.devices} devices, ${setting.payloadBytes}-byte punches, ${setting.partitions} partitions, ${setting.connections} MQTT connections with a Receive Maximum of ${setting.receiveMaximum}, ${setting.compression} (sixty-line bridge: none), ${Math.round(setting.recordsPerBatch)} records per batch. Median of ${rounds} rounds, lowest and highest in brackets.

${markdown([
  ['Draining a backlog', 'messages/s', 'CPU us/message', 'peak RSS MB', 'repeated'],
  drainRow('bridge', drain.bridge),
  drainRow('sixty-line bridge', drain.sixtyLine),
  drainRow('half: MQTT.js receiving alone', drain.receiveOnly),
  drainRow('half: kafkajs producing alone', drain.produceOnly),
])}

${markdown([
  [`At ${setting.ratePerSecond} messages/s`, 'p50 ms', 'p99 ms', 'CPU us/message'],
  rateRow('bridge', rate.bridge),
  rateRow('sixty-line bridge', rate.sixtyLine),
])}

Kafka frozen and all windows full: ${fullWindows.residentMb.toFixed(0)} MB resident, ${fullWindows.held} messages held.

${targetTable(ingestTargets(results))}
`
}
