import { JsonArray, JsonNumber, JsonObject, type JsonValue } from './json-value.ts'

/**
 * Whether two values are equal when a member repeats (attendance 3): same type, texts by code units, numbers by source
 * digits, arrays in order, objects by members in any order with equal repeats counted once.
 *
 * `forms` remembers the canonical text of containers of one reading, so that a long list of repeats stays linear.
 */
export function sameJson(one: JsonValue, other: JsonValue, forms: Map<object, string>): boolean {
  if (one === other) return true
  if (one instanceof JsonNumber) return other instanceof JsonNumber && one.source === other.source
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false
  if (other instanceof JsonNumber || one instanceof JsonArray !== other instanceof JsonArray) return false
  return canonical(one, forms) === canonical(other, forms)
}

/** A text that is the same exactly for equal values: members sorted, equal ones once. Recursion is bounded by depth. */
function canonical(value: JsonValue, forms: Map<object, string>): string {
  if (value instanceof JsonNumber) return value.source
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const known = forms.get(value)
  if (known !== undefined) return known
  const form = value instanceof JsonArray ? arrayForm(value, forms) : objectForm(value, forms)
  forms.set(value, form)
  return form
}

function arrayForm(value: JsonArray, forms: Map<object, string>): string {
  return `[${value.items.map((item) => canonical(item, forms)).join(',')}]`
}

function objectForm(value: JsonObject, forms: Map<object, string>): string {
  const members = value.names.map((name, at) => `${JSON.stringify(name)}:${canonical(value.values[at] ?? null, forms)}`)
  return `{${[...new Set(members)].sort().join(',')}}`
}
