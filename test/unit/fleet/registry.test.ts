import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FleetRegistry } from '../../../src/fleet/registry.ts'
import type { ThingRecord } from '../../../src/records/generated/thing-record.ts'

const thingNames = ['t1', 't2', 't3', 't4'] as const
const clientIds = ['t1', 'c1', 'c2'] as const
const change = fc.record({
  thingName: fc.constantFrom(...thingNames),
  mqttClientId: fc.option(fc.constantFrom(...clientIds)),
})

const nothing = { thingId: null, thingType: null, groups: [], tags: {}, description: null }
const recordOf = (thingName: string, mqttClientId: string): ThingRecord => ({ thingName, mqttClientId, ...nothing })

/** Guards fleet/registry.ts `#leaveClient` and the place of a thing that changes its client. */
test('knows the client of each thing and the things of each client in the order registered', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const registry = new FleetRegistry({ registryMode: 'strict' })
      /** Client ids by name; a Map keeps the order of the first registration. */
      const model = new Map<string, string>()
      for (const { thingName, mqttClientId } of changes) {
        if (mqttClientId === null) {
          registry.unregister(thingName)
          model.delete(thingName)
        } else {
          registry.register(recordOf(thingName, mqttClientId))
          model.set(thingName, mqttClientId)
        }
        expect(registry.size).toBe(model.size)
        for (const name of thingNames) {
          expect(registry.clientIdOf(name)).toBe(model.get(name) ?? null)
          expect(registry.isServed(name)).toBe(model.has(name))
        }
        for (const clientId of clientIds) {
          const names = [...model].flatMap(([name, client]) => (client === clientId ? [name] : []))
          expect(registry.thingsOf(clientId)).toEqual(names)
        }
      }
    }),
  )
})
