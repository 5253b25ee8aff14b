import { newKafka } from '../kafka/client.ts'
import { createTopics, planTopics, type TopicFinding, type WantedTopic, wantedTopic } from '../kafka/topics.ts'
import { catalogue } from '../records/catalogue.ts'
import { neededChannels, topicsOf } from '../records/topics.ts'
import { adminDeadlineMs, kafkaClientOptions } from '../roles/kafka-side.ts'
import { exitCodes } from './exit-codes.ts'
import type { WorkOnTopics } from './topics.ts'

/** `bridge topics plan|apply`: never deletes a topic, never changes one that exists. */
export const workOnTopics: WorkOnTopics = async ({ settings }, { action, json }, io) => {
  const kafka = await newKafka(kafkaClientOptions(settings), () => undefined)
  const deadlineMs = adminDeadlineMs(settings)
  const topics = topicsOf(settings)
  const wanted = neededChannels(settings).map((name): WantedTopic => {
    const partitions = settings.kafka.partitions[name] ?? catalogue[name].partitions
    return wantedTopic(catalogue[name], topics[name], partitions, settings.kafka.replicationFactor)
  })
  const findings = await planTopics(kafka, wanted, deadlineMs)
  const missing = findings.flatMap((finding) => (finding.state === 'missing' ? [finding.wanted] : []))
  const created = action === 'apply' ? await createTopics(kafka, missing, deadlineMs) : []
  if (json) io.stdout.write(`${JSON.stringify({ topics: findings.map(plain), created })}\n`)
  else {
    for (const finding of findings) io.stdout.write(`${lineOf(finding, created)}\n`)
    io.stdout.write(summaryOf(findings, created, action))
  }
  const left = findings.filter(
    ({ state, topic }) => state === 'drift' || (state === 'missing' && !created.includes(topic)),
  )
  return left.length === 0 ? exitCodes.ok : exitCodes.failed
}

function plain(finding: TopicFinding): object {
  if (finding.state !== 'missing') return finding
  const { partitions, config } = finding.wanted
  return { topic: finding.topic, state: finding.state, partitions, config }
}

function lineOf(finding: TopicFinding, created: readonly string[]): string {
  if (finding.state === 'missing') {
    const { partitions, config } = finding.wanted
    const settings = Object.entries(config).map(([name, value]) => `${name}=${value}`)
    const word = created.includes(finding.topic) ? 'created' : 'missing'
    return `${word}  ${finding.topic}  ${partitions} partitions, ${settings.join(', ')}`
  }
  return finding.state === 'ok'
    ? `ok       ${finding.topic}`
    : `differs  ${finding.topic}  ${finding.differences.join('; ')}`
}

function summaryOf(findings: readonly TopicFinding[], created: readonly string[], action: 'plan' | 'apply'): string {
  const missing = findings.filter(({ state }) => state === 'missing').length - created.length
  const drift = findings.filter(({ state }) => state === 'drift').length
  const parts = [`${findings.length} topics`]
  if (created.length > 0) parts.push(`${created.length} created`)
  if (missing > 0) parts.push(`${missing} missing: create them with bridge topics apply`)
  if (drift > 0) parts.push(`${drift} differ; the bridge changes no topic that exists`)
  if (missing === 0 && drift === 0 && action === 'plan') parts.push('all as needed')
  return `${parts.join(', ')}.\n`
}
