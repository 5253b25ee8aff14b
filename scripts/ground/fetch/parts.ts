import { chartPart } from './chart-part.ts'
import { clusterPart } from './cluster-part.ts'
import { foreignPart } from './foreign-part.ts'
import { artemisPart, hivemqPart, kafkaPart, registryPart } from './jar-parts.ts'
import { mosquittoPart } from './mosquitto-part.ts'
import type { Part } from './part.ts'

/** What everything but `make chart-live` needs, the quickest way to a working ground first. */
export const allParts: readonly Part[] = [
  mosquittoPart,
  kafkaPart,
  registryPart,
  artemisPart,
  hivemqPart,
  foreignPart,
  chartPart,
]

const everyPart = [...allParts, clusterPart]

/** The parts with these names; `allParts` when none is given. Throws on a name that is none. */
export function partsNamed(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return allParts
  return names.map((name) => {
    const part = everyPart.find((one) => one.name === name)
    if (part === undefined) throw new Error(`no part ${name}; there are ${everyPart.map((one) => one.name).join(', ')}`)
    return part
  })
}
