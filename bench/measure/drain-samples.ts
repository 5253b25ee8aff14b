/** How far a drain had come at one moment. */
export interface DrainSample {
  readonly atMs: number
  readonly count: number
  readonly cpuMs: number
}

export interface DrainFigures {
  readonly messagesPerSecond: number
  readonly cpuMicrosPerMessage: number
  /** Messages between the two samples that were compared. */
  readonly messages: number
}

/**
 * Compares the first sample at or after `warmUp` messages with the last one that was not finished yet, so that neither
 * the start of the process nor waiting for the end is counted. Throws when that leaves too little.
 */
export function drainFigures(samples: readonly DrainSample[], warmUp: number, total: number): DrainFigures {
  const first = samples.find((sample) => sample.count >= warmUp)
  const last = samples.findLast((sample) => sample.count < total)
  if (first === undefined || last === undefined || last.count - first.count < (total - warmUp) / 2) {
    throw new Error(`the drain was too short to be measured: ${first?.count} to ${last?.count} of ${total}`)
  }
  const messages = last.count - first.count
  return {
    messages,
    messagesPerSecond: (messages * 1000) / (last.atMs - first.atMs),
    cpuMicrosPerMessage: ((last.cpuMs - first.cpuMs) * 1000) / messages,
  }
}
