import { makePoison, makePunch, type Punch } from '../flow/punch.ts'
import type { Scene } from '../stage/scene.ts'
import type { Row } from './row.ts'

const size = 12
const positions = Array.from({ length: size }, (_, i) => i)

/** Punches of one device with a bad one among them. */
function punchesWith(scene: Scene, at: number, bad: (number: number, deviceSn: string) => Punch): Punch[] {
  const [, deviceSn] = scene.punches.place()
  return positions.map((i) => {
    const [number] = scene.punches.place()
    return i === at ? bad(number, deviceSn) : makePunch(number, deviceSn)
  })
}

/** Publishes while no request gets through to Kafka: what has come meanwhile flies together. */
async function inOneFlight(
  { servers: { kafkaProxies }, trace }: Scene,
  punches: readonly Punch[],
  publish: () => void,
) {
  for (const proxy of kafkaProxies) proxy.halfOpen('up')
  try {
    publish()
    await trace.until('all are delivered', () => punches.every(({ id }) => trace.deliveries.has(id)), 60_000)
  } finally {
    for (const proxy of kafkaProxies) proxy.heal()
  }
}

/** Members that become attributes of 256 characters each: together more than `largestBatch`. */
const notes = Array.from({ length: 90 }, (_, i) => `note${i}`)
const largestBatch = 20_000

function makeHeavy(number: number, deviceSn: string): Punch {
  const more = Object.fromEntries(notes.map((name) => [name, 'x'.repeat(256)]))
  return { ...makePunch(number, deviceSn, more), poison: true }
}

/** What can be wrong with one message among others. */
export const poisonRows: readonly Row[] = [
  {
    name: 'poison-message',
    title: `Poison message at every position of ${size} in one flight to Kafka`,
    faults: size,
    lane: 'cluster',
    hurt: async (scene, _random, nth) => {
      const punches = punchesWith(scene, nth % size, makePoison)
      await inOneFlight(scene, punches, () => {
        for (const punch of punches) scene.punches.send(punch)
      })
    },
  },
  {
    name: 'poison-item',
    title: `Poison item at every position of a batch of ${size}`,
    faults: size,
    lane: 'cluster',
    hurt: async (scene, _random, nth) => {
      const punches = punchesWith(scene, nth % size, makePoison)
      const payload = `[${punches.map((punch) => punch.payload).join(',')}]`
      await inOneFlight(scene, punches, () => scene.punches.sendBatch(punches, payload))
    },
  },
  {
    name: 'refused',
    title: `Record that Kafka refuses for its size, at every position of ${size} in one flight`,
    faults: size,
    lane: 'cluster',
    attendanceTopic: { 'max.message.bytes': String(largestBatch) },
    settings: {
      kafka: { batchMaxBytes: 16_000, compression: 'none' },
      attendance: { attributes: ['check', ...notes] },
    },
    hurt: async (scene, _random, nth) => {
      const punches = punchesWith(scene, nth % size, makeHeavy)
      await inOneFlight(scene, punches, () => {
        for (const punch of punches) scene.punches.send(punch)
      })
    },
  },
]
