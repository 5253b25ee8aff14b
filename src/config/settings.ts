import { z } from 'zod'
import { attendance, commands, deadLetter, devices, presence } from './attendance-settings.ts'
import { emqx, kafka, mqtt, observe, registry, worker } from './connection-settings.ts'
import { fleet, http } from './fleet-settings.ts'
import { saslFaults } from './sasl-faults.ts'

/** Every option of the bridge. What a value may be is said where it is declared; what two values may be, here. */
export const settingsSchema = z
  .strictObject({
    devices,
    attendance,
    presence,
    deadLetter,
    commands,
    fleet,
    http,
    mqtt,
    emqx,
    kafka,
    registry,
    worker,
    observe,
  })
  .superRefine((settings, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: path.split('.'), message, params: { pair: true } })
    }
    for (const place of ['mqtt', 'registry', 'kafka.sasl'] as const) {
      const login = place === 'kafka.sasl' ? settings.kafka.sasl : settings[place]
      if (login.password !== null && login.passwordFile !== null) {
        fault(`${place}.passwordFile`, `cannot be given together with ${place}.password; keep one of them`)
      }
    }
    const { rest } = settings.emqx
    if (rest.secret !== null && rest.secretFile !== null) {
      fault('emqx.rest.secretFile', 'cannot be given together with emqx.rest.secret; keep one of them')
    }
    if (rest.url !== null && rest.apiKey === null) fault('emqx.rest.apiKey', 'is needed for emqx.rest.url')
    if (rest.url !== null && rest.secret === null && rest.secretFile === null) {
      fault('emqx.rest.secretFile', 'is needed for emqx.rest.url')
    }
    if (rest.url === null && (rest.apiKey !== null || rest.secret !== null || rest.secretFile !== null)) {
      fault('emqx.rest.url', 'is needed for the API key in emqx.rest')
    }
    for (const place of ['mqtt', 'emqx.rest', 'kafka', 'registry', 'http'] as const) {
      const { certFile, keyFile } = place === 'emqx.rest' ? rest.tls : settings[place].tls
      if (certFile !== null && keyFile === null) fault(`${place}.tls.keyFile`, `is needed for ${place}.tls.certFile`)
      if (certFile === null && keyFile !== null) fault(`${place}.tls.certFile`, `is needed for ${place}.tls.keyFile`)
    }
    if (settings.http.tls.caFile !== null && settings.http.tls.certFile === null) {
      fault('http.tls.certFile', 'is needed for http.tls.caFile: certificates of clients need TLS')
    }
    for (const [path, message] of saslFaults(settings.kafka.sasl)) fault(`kafka.sasl.${path}`, message)
    const owners = new Map<string, string>()
    for (const [channel, topic] of Object.entries(settings.kafka.topics)) {
      const other = owners.get(topic)
      if (other !== undefined)
        fault(`kafka.topics.${channel}`, `names the topic of kafka.topics.${other}; they must differ`)
      owners.set(topic, channel)
    }
    const { orphans } = settings.mqtt
    if (orphans.slots > 0 && orphans.peerUrl === null) {
      fault('mqtt.orphans.peerUrl', 'is needed for mqtt.orphans.slots: whose worker answers is no orphan')
    }
    if (settings.mqtt.mode === 'queue') {
      for (const leaf of ['evt', 'st', ...settings.commands.replyLeaves]) {
        if (settings.mqtt.queues[leaf] === undefined) fault(`mqtt.queues.${leaf}`, 'is needed when mqtt.mode is queue')
      }
    }
  })

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

/** The whole configuration with every default filled in. Names, units and meaning: docs/configuration.md. */
export type Settings = DeepReadonly<z.output<typeof settingsSchema>>
