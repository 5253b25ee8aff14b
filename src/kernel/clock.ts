/** The only source of time inside the bridge. Milliseconds since the epoch; may jump, as wall clocks do. */
export interface Clock {
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
