type Layer = Readonly<Record<string, unknown>>

/** Lays one partial configuration over another: objects are merged, everything else replaces, null included. */
export function layOver(lower: unknown, upper: unknown): unknown {
  if (upper === undefined) return lower
  if (!isLayer(lower) || !isLayer(upper)) return upper
  const merged = Object.create(null) as Record<string, unknown>
  for (const name of Object.keys(lower)) merged[name] = lower[name]
  for (const name of Object.keys(upper)) merged[name] = layOver(merged[name], upper[name])
  return merged
}

function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
