import { isClientToken } from '../client-token.ts'
import { type Draft, secondsOf } from '../draft.ts'
import { emptyMap, isMap, type Json, type JsonMap, mapOf, optional } from '../json/json.ts'
import { readObject, textOf } from '../json/read.ts'
import type { ThingContext } from '../thing.ts'
import { bad, notUtf8, type Rejection, thingNotFound } from './report.ts'
import { shadowOf } from './shadow.ts'

/** A device reads its shadow over MQTT, where that is switched on (fleets 3.5). */
export function getShadow(context: ThingContext, draft: Draft, topic: string, payload: Uint8Array): void {
  const timestamp = secondsOf(context.now)
  let clientToken: string | undefined
  const reply = (leaf: string, members: Readonly<Record<string, Json>>): void =>
    draft.publish(context.thingName, `${topic}/${leaf}`, mapOf({ ...members, timestamp, clientToken }))
  const reject = ({ code, message }: Rejection): void => reply('rejected', { code, message })

  const text = textOf(payload)
  if (text === undefined) return reject(notUtf8)
  const request = text === '' ? emptyMap : readObject(text)
  if (request === undefined) return reject(bad('Invalid JSON'))
  const token = optional(request, 'clientToken')
  if (token !== undefined && !isClientToken(token, context.settings)) return reject(bad('Invalid clientToken'))
  clientToken = token
  if (!context.registered) return reject(thingNotFound)
  if (context.thing.shadow === null) return reject({ code: 404, message: "No shadow exists with name: ''" })
  const { desired, reported, delta, metadata, version } = shadowOf(context.thing.shadow)
  const filled = (sections: Readonly<Record<string, Json>>): JsonMap =>
    mapOf(Object.fromEntries(Object.entries(sections).filter(([, section]) => isMap(section) && section.size > 0)))
  reply('accepted', {
    state: filled({ desired, reported, delta }),
    metadata: filled({ desired: metadata.desired, reported: metadata.reported }),
    version,
  })
}
