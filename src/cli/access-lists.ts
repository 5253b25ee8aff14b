import type { Settings } from '../config/settings.ts'
import { clientIdBase } from '../roles/mqtt-connections.ts'
import type { KafkaGrant, Needs } from '../roles/needs.ts'

export const accessFormats = ['text', 'kafka', 'emqx', 'emqx-rest', 'json'] as const
export type AccessFormat = (typeof accessFormats)[number]

interface MqttRule {
  readonly action: 'subscribe' | 'publish'
  readonly filter: string
}

/** The access lists as text, one right per line. Pure. */
export function accessText(needs: Needs, settings: Settings, format: AccessFormat, principal: string): string {
  const rules = mqttRules(needs)
  const kafka = needs.kafka.map((grant) => kafkaLine(grant, principal, settings))
  const emqx = rules.map((rule) => emqxLine(rule, settings))
  switch (format) {
    case 'kafka':
      return lines(kafka)
    case 'emqx':
      return lines(emqx)
    case 'emqx-rest':
      return lines([JSON.stringify(emqxRest(rules, settings), null, 2)])
    case 'json':
      return lines([JSON.stringify({ kafka: needs.kafka, mqtt: rules }, null, 2)])
    case 'text':
      return lines([
        '# Kafka: run these once, as a user that may alter ACLs. Read and Write include Describe.',
        ...kafka,
        '',
        '% EMQX: in acl.conf (or bridge acl --format emqx-rest for its built-in database), above rules that deny.',
        '% A filter is checked without $share/<group>/. With authorization.no_match = deny nothing else is allowed.',
        ...emqx,
        '',
        '% Deny devices wildcard subscriptions: whoever may subscribe to these filters can join the share group',
        `% "${settings.mqtt.group}" and take messages away from the bridge.`,
      ])
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}

/** EMQX looks at the filter behind `$share/<group>/`. */
function mqttRules({ mqtt }: Needs): readonly MqttRule[] {
  const filters = new Set(mqtt.subscriptions.map((filter) => filter.replace(/^\$share\/[^/]+\//, '')))
  return [
    ...[...filters].map((filter): MqttRule => ({ action: 'subscribe', filter })),
    ...mqtt.publications.map((filter): MqttRule => ({ action: 'publish', filter })),
  ]
}

function kafkaLine({ resource, name, prefix, operation }: KafkaGrant, principal: string, { kafka }: Settings): string {
  const parts = [
    'kafka-acls.sh --add',
    `--bootstrap-server ${quoted(kafka.brokers.join(','))}`,
    `--allow-principal ${quoted(principal)}`,
    `--operation ${operation}`,
    `--${resource} ${quoted(name)}`,
  ]
  return [...parts, ...(prefix ? ['--resource-pattern-type prefixed'] : [])].join(' ')
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.,:=@/-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** `eq`: this filter as it stands, no topic that it would match. */
function emqxLine({ action, filter }: MqttRule, settings: Settings): string {
  const { username } = settings.mqtt
  const who =
    username === null ? `{clientid, {re, ${erlang(`^${clientIdBase(settings)}-`)}}}` : `{username, ${erlang(username)}}`
  const topic = action === 'subscribe' ? `{eq, ${erlang(filter)}}` : erlang(filter)
  return `{allow, ${who}, ${action}, [${topic}]}.`
}

function erlang(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** Body of `POST /api/v5/authorization/sources/built_in_database/rules/users`. */
function emqxRest(rules: readonly MqttRule[], { mqtt }: Settings): object {
  return [
    {
      username: mqtt.username ?? '',
      rules: rules.map(({ action, filter }) => ({
        topic: action === 'subscribe' ? `eq ${filter}` : filter,
        permission: 'allow',
        action,
      })),
    },
  ]
}
