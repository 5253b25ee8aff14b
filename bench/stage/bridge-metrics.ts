/** Sums of the bridge's metrics by name, over all labels. */
export class BridgeMetrics {
  readonly #text: string

  static async read(port: number): Promise<BridgeMetrics> {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`)
    return new BridgeMetrics(await response.text())
  }

  private constructor(text: string) {
    this.#text = text
  }

  /** Throws when there is no such metric, so that a new name does not pass for a zero. */
  sum(name: string): number {
    const values = [...this.#text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map((m) =>
      Number(m[1]),
    )
    if (values.length === 0) throw new Error(`the bridge has no metric ${name}`)
    return values.reduce((a, b) => a + b, 0)
  }
}
