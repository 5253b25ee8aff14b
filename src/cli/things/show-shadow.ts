import type { Settings } from '../../config/settings.ts'
import { codecOf } from '../../records/codec.ts'
import type { ShadowState } from '../../records/generated/shadow-state.ts'
import { exitCodes } from '../exit-codes.ts'
import { Onlooker } from '../onlooker.ts'
import { harmless } from '../text-table.ts'
import type { Account } from './account.ts'
import { noThing } from './thing-view.ts'

/** `bridge shadow get NAME`. Exit code 1 when the thing is not served. */
export async function showShadow(settings: Settings, thing: string, account: Account): Promise<number> {
  let shadow: ShadowState | null = null
  let isRegistered = settings.fleet.registryMode === 'open'
  const look = new Onlooker(settings)
  const sight = { keys: [thing], from: 'first' } as const
  look.on('thingRegistry', codecOf('ThingRecord'), sight, (record, key) => {
    if (key === thing && settings.fleet.registryMode === 'strict') isRegistered = record !== null
  })
  look.on('shadowState', codecOf('ShadowState'), sight, (state, key) => {
    if (key === thing) shadow = state
  })
  await look.begin()
  await look.readToEnd((share) => account.show(`reading ${Math.floor(share * 100)} %`))
  account.clear()
  if (!isRegistered) return noThing(thing, account)
  account.io.stdout.write(account.json ? `${shadowJson(thing, shadow)}\n` : shadowText(thing, shadow))
  return exitCodes.ok
}

/** The sections are copied as they stand: to read and write them again could change numbers and order. */
function shadowJson(thing: string, shadow: ShadowState | null): string {
  const { version, reportedJson, desiredJson, deltaJson, metadataJson } = shadow ?? noShadow
  const updatedAt = shadow === null ? null : shadow.updatedAt
  return (
    `{"thingName":${JSON.stringify(thing)},"version":${version},"updatedAt":${updatedAt},"reported":${reportedJson},` +
    `"desired":${desiredJson},"delta":${deltaJson},"metadata":${metadataJson}}`
  )
}

const noShadow = {
  version: 0,
  reportedJson: '{}',
  desiredJson: '{}',
  deltaJson: '{}',
  metadataJson: '{"reported":{},"desired":{}}',
}

export function shadowText(thing: string, shadow: ShadowState | null): string {
  if (shadow === null) return `${harmless(thing)} has no shadow yet: nobody has written one\n`
  const { version, updatedAt, reportedJson, desiredJson, deltaJson } = shadow
  const delta = deltaJson === '{}' ? 'none: it is as desired' : harmless(deltaJson)
  return `version   ${version}, written ${new Date(updatedAt).toISOString()}
reported  ${harmless(reportedJson)}
desired   ${harmless(desiredJson)}
delta     ${delta}
`
}
