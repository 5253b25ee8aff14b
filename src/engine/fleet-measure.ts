/** How the owner of some partitions of things and jobs stands. */
export interface FleetMeasure {
  /** State records, at most, that are still to be read back before inputs are taken. */
  readonly unrestored: number
  readonly commandsOpen: number
  readonly executionsQueued: number
  readonly executionsInProgress: number
  readonly jobsInProgress: number
  readonly jobsCompleted: number
  readonly jobsCanceled: number
  /** How late the timer is that should have fired first; 0 when none is late. */
  readonly timerLagMs: number
}

const nothing: FleetMeasure = {
  unrestored: 0,
  commandsOpen: 0,
  executionsQueued: 0,
  executionsInProgress: 0,
  jobsInProgress: 0,
  jobsCompleted: 0,
  jobsCanceled: 0,
  timerLagMs: 0,
}

/** All partitions together: sums, and the timer that is latest. */
export function sumOf(measures: readonly FleetMeasure[]): FleetMeasure {
  return measures.reduce(
    (sum, one) => ({
      unrestored: sum.unrestored + one.unrestored,
      commandsOpen: sum.commandsOpen + one.commandsOpen,
      executionsQueued: sum.executionsQueued + one.executionsQueued,
      executionsInProgress: sum.executionsInProgress + one.executionsInProgress,
      jobsInProgress: sum.jobsInProgress + one.jobsInProgress,
      jobsCompleted: sum.jobsCompleted + one.jobsCompleted,
      jobsCanceled: sum.jobsCanceled + one.jobsCanceled,
      timerLagMs: Math.max(sum.timerLagMs, one.timerLagMs),
    }),
    nothing,
  )
}
