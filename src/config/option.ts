import { z } from 'zod'

/**
 * How every option of the bridge is declared: once, with its type, default and one sentence. The parser, the
 * printed configuration, the JSON Schema and docs/configuration.md all come from these declarations.
 */
export function option<S extends z.ZodType>(schema: S, byDefault: z.input<S>, sentence: string) {
  return schema.prefault(byDefault as never).meta({ description: sentence })
}

/** An option whose value must never be printed. JSON Schema's own word for that is `writeOnly`. */
export function secret(sentence: string) {
  return z.string().min(1).nullable().prefault(null).meta({ description: sentence, writeOnly: true })
}

/** A group of options. Unknown keys stop the start; an absent or empty (null) group takes its defaults. */
export function group<Shape extends z.ZodRawShape>(sentence: string, shape: Shape) {
  return z
    .strictObject(shape)
    .prefault({} as never)
    .meta({ description: sentence })
}

/**
 * A map that users lay over its default: entries are merged by key and an entry that is null is no entry. The result
 * has no prototype, so that a key such as `constructor` finds nothing.
 */
export function mapOption<V extends z.ZodType>(entry: V, byDefault: Record<string, z.output<V>>, sentence: string) {
  return overlayMap(entry, byDefault).prefault({}).meta({ description: sentence, 'x-map-default': byDefault })
}

/** The type of a map with null entries taken out, laid over `lower`. */
export function overlayMap<V extends z.ZodType>(entry: V, lower: Record<string, z.output<V>>) {
  return z.record(z.string(), entry.nullable()).transform((given): Readonly<Record<string, z.output<V>>> => {
    const merged: Record<string, z.output<V>> = Object.assign(Object.create(null), lower)
    for (const [key, value] of Object.entries(given)) {
      if (value === null) delete merged[key]
      else merged[key] = value
    }
    return merged
  })
}
