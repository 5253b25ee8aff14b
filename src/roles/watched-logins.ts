import { randomBytes } from 'node:crypto'
import type { Settings } from '../config/settings.ts'
import { secretFileOf } from '../kafka/access.ts'
import { newKafka } from '../kafka/client.ts'
import { kafkaFailure } from '../kafka/errors.ts'
import { askRegistry } from '../kafka/registry-door.ts'
import type { CredentialFiles } from '../kernel/credential-files.ts'
import { withDeadline } from '../kernel/deadline.ts'
import { Failure } from '../kernel/failure.ts'
import { Visit } from '../mqtt/visit.ts'
import type { WatchedLogin } from './credential-watch.ts'
import { adminDeadlineMs, kafkaClientOptions } from './kafka-side.ts'
import { publishConnection } from './mqtt-connections.ts'
import type { RenewedServer } from './role.ts'

/** Every login of these settings that rests on files, and how changed files come into use. */
export function watchedLogins(
  settings: Settings,
  { speaksMqtt, servesHttp }: { readonly speaksMqtt: boolean; readonly servesHttp: boolean },
  renew: (server: RenewedServer) => Promise<void>,
): readonly WatchedLogin[] {
  const { mqtt, kafka, registry, emqx, http } = settings
  const asked = async (): Promise<void> => undefined
  const logins: WatchedLogin[] = [
    {
      server: 'kafka',
      files: filesOf(kafka.tls.enabled ? kafka.tls : null, secretFileOf(kafka.sasl)),
      try: () => tryKafka(settings),
      renew: () => renew('kafka'),
    },
    {
      server: 'registry',
      files: filesOf(registry.url.startsWith('https:') ? registry.tls : null, registry.passwordFile),
      try: () => tryRegistry(settings),
      // Every request reads the files.
      renew: asked,
    },
  ]
  if (speaksMqtt) {
    logins.push({
      server: 'mqtt',
      files: filesOf(mqtt.url.startsWith('mqtts:') ? mqtt.tls : null, mqtt.passwordFile),
      try: () => tryMqtt(settings),
      renew: () => renew('mqtt'),
    })
  }
  if (servesHttp && http.tls.certFile !== null) {
    logins.push({ server: 'http', files: filesOf(http.tls, null), try: asked, renew: () => renew('http') })
  }
  if (emqx.rest.url !== null) {
    const files = filesOf(emqx.rest.url.startsWith('https:') ? emqx.rest.tls : null, emqx.rest.secretFile)
    // Every question reads the files, and says itself when it is refused.
    logins.push({ server: 'emqx', files, try: asked, renew: asked })
  }
  return logins
}

function filesOf(tls: Omit<CredentialFiles, 'secretFile'> | null, secretFile: string | null): CredentialFiles {
  const { caFile, certFile, keyFile } = tls ?? { caFile: null, certFile: null, keyFile: null }
  return { caFile, certFile, keyFile, secretFile }
}

/** Under a client id of its own: the connections that stand are not touched. */
async function tryMqtt(settings: Settings): Promise<void> {
  const guest = publishConnection(settings, `login-${randomBytes(4).toString('hex')}`)
  const visit = await Visit.open(guest, settings.mqtt.connectTimeoutMs)
  await visit.close()
}

async function tryKafka(settings: Settings): Promise<void> {
  const kafka = await newKafka(kafkaClientOptions(settings), () => undefined)
  const admin = kafka.admin({ retry: { retries: 0 } })
  try {
    await withDeadline(admin.connect(), adminDeadlineMs(settings), 'connecting to Kafka')
  } catch (error) {
    throw kafkaFailure(error)
  } finally {
    admin.disconnect().catch(() => undefined)
  }
}

async function tryRegistry({ registry }: Settings): Promise<void> {
  const { status } = await askRegistry(registry, '/subjects', null, registry.timeoutMs)
  // Whatever else it answers, it is no question of who asks.
  if (status === 401 || status === 403)
    throw new Failure('transient', 'not_authorized', `refused with status ${status}`)
}
