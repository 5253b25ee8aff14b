import { type OptionPath, pathText } from './option-path.ts'

export interface Origin {
  /** For people: `default`, `bridge.yaml:12`, `--set`, `bridge.yaml:12, env MQTT_USER`. */
  readonly where: string
  /** The value, or a part of it, came out of a file of secrets and must not be shown. */
  readonly hidden: boolean
}

/** Where every given value came from. */
export class Origins {
  readonly #origins = new Map<string, { readonly path: OptionPath; readonly origin: Origin }>()

  /** Notes a value; whatever was noted below it belongs to a value that is no more. */
  put(path: OptionPath, origin: Origin): void {
    for (const [key, known] of this.#origins) {
      if (startsWith(known.path, path)) this.#origins.delete(key)
    }
    this.#origins.set(pathText(path), { path, origin })
  }

  /** Takes over everything that a later layer said. */
  lay(later: Origins): void {
    for (const { path, origin } of later.#origins.values()) this.put(path, origin)
  }

  /** Where the value at a path, or else the nearest thing around it, came from; null when nobody gave it. */
  of(path: OptionPath): Origin | null {
    for (let length = path.length; length > 0; length -= 1) {
      const known = this.#origins.get(pathText(path.slice(0, length)))
      if (known !== undefined) return known.origin
    }
    return null
  }

  /** Whether a value, or anything in it, must not be shown. */
  hides(path: OptionPath): boolean {
    if (this.of(path)?.hidden === true) return true
    for (const known of this.#origins.values()) {
      if (known.origin.hidden && startsWith(known.path, path)) return true
    }
    return false
  }
}

function startsWith(path: OptionPath, start: OptionPath): boolean {
  return path.length >= start.length && start.every((part, index) => path[index] === part)
}
