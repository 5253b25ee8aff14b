/** Values by key, all of them in memory: what a small number of them needs. */
export class ValuesInMemory<V extends object> extends Map<string, V> {
  /** There is always room. */
  async settle(): Promise<void> {
    await Promise.resolve()
  }

  async close(): Promise<void> {
    this.clear()
    await Promise.resolve()
  }
}
