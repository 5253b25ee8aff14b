import { FleetNames } from '../../test/kit/fleet-names.ts'
import { FleetOperator } from '../../test/kit/fleet-records.ts'

/** Bytes of the reported section of a shadow as JSON text; its metadata comes to that. */
export const shadowBytes = 2000
const properties = 20
/** A write must stay below what Kafka takes in one batch of a partition. */
const perWrite = 2000

export function thingOf(n: number): string {
  return `thing-${String(n).padStart(7, '0')}`
}

/** A section of {@link shadowBytes}, different for each `n`. */
function reportedOf(n: number): Record<string, string> {
  const length = shadowBytes / properties - '"property00":"",'.length
  const text = String(n).padEnd(length, 'state ')
  const names = Array.from({ length: properties }, (_, i) => `property${String(i).padStart(2, '0')}`)
  return Object.fromEntries(names.map((name) => [name, text]))
}

/** A report of a tenth of the properties, as a device sends what has changed. */
export function reportOf(n: number, clientToken: string): string {
  const changed = Object.entries(reportedOf(n)).slice(0, properties / 10)
  return JSON.stringify({ state: { reported: Object.fromEntries(changed) }, clientToken })
}

/** Topics of things, filled as an earlier life of the bridge would have left them. */
export class ThingTopics {
  readonly names: FleetNames
  /** How many things stand in the registry. */
  registered = 0
  readonly #operator: FleetOperator

  static async create(what: string, brokers: readonly string[], registryUrl: string, partitions: number) {
    const names = new FleetNames(what)
    await names.create(brokers, partitions)
    return new ThingTopics(names, new FleetOperator(brokers, registryUrl, names))
  }

  private constructor(names: FleetNames, operator: FleetOperator) {
    this.names = names
    this.#operator = operator
  }

  /** Things number 0 and on, in the registry. */
  async register(things: number): Promise<void> {
    for (const part of parts(0, things)) {
      const records = part.map((n) => [thingOf(n), { thingName: thingOf(n), mqttClientId: thingOf(n) }] as const)
      await this.#operator.write('thingRegistry', records)
    }
    this.registered += things
  }

  /** A shadow for each thing. */
  async fill(things: number): Promise<void> {
    const updatedAt = Date.now()
    const reported = Object.fromEntries(Object.keys(reportedOf(0)).map((name) => [name, { timestamp: updatedAt }]))
    const metadataJson = JSON.stringify({ reported, desired: {} })
    const empty = { desiredJson: '{}', deltaJson: '{}', lastPublishedDeltaJson: '{}' }
    for (const part of parts(0, things)) {
      await this.#operator.write(
        'shadowState',
        part.map((n) => {
          const reportedJson = JSON.stringify(reportedOf(n))
          return [thingOf(n), { thingName: thingOf(n), version: 1, reportedJson, metadataJson, updatedAt, ...empty }]
        }),
      )
    }
  }

  /** Reports number `from` and on, one for each thing in turn, as ingest appends them. */
  async report(from: number, count: number, things: number): Promise<void> {
    const receivedAt = Date.now()
    for (const part of parts(from, count)) {
      await this.#operator.write(
        'thingInbox',
        part.map((each) => {
          // Neighbours in time are no neighbours by name, so that no cache is flattered.
          const thingName = thingOf((each * 7919) % things)
          const payload = Buffer.from(reportOf(each, String(each))).toString('base64')
          const topic = `$emqx/things/${thingName}/shadow/update`
          return [thingName, { thingName, kind: 'DEVICE_MESSAGE', receivedAt, topic, payload }]
        }),
      )
    }
  }
}

function parts(from: number, count: number): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(count / perWrite) }, (_, index) => {
    const first = from + index * perWrite
    return Array.from({ length: Math.min(perWrite, from + count - first) }, (__, i) => first + i)
  })
}
