import { chartPart } from './chart-part.ts'
import { foreignPart } from './foreign-part.ts'
import { artemisPart, hivemqPart, kafkaPart, registryPart } from './jar-parts.ts'
import { mosquittoPart } from './mosquitto-part.ts'
import type { Part } from './part.ts'

/** Everything that can be fetched, the quickest way to a working ground first. */
export const allParts: readonly Part[] = [
  mosquittoPart,
  kafkaPart,
  registryPart,
  artemisPart,
  hivemqPart,
  foreignPart,
  chartPart,
]

/** The parts with these names; all when none is given. Throws on a name that is none. */
export function partsNamed(names: readonly string[]): readonly Part[] {
  if (names.length === 0) return allParts
  return names.map((name) => {
    const part = allParts.find((one) => one.name === name)
    if (part === undefined) throw new Error(`no part ${name}; there are ${allParts.map((one) => one.name).join(', ')}`)
    return part
  })
}
