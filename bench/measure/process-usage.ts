import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a process has used so far. */
export interface ProcessUsage {
  /** User and system time of all of its threads, milliseconds. */
  readonly cpuMs: number
  readonly residentMb: number
  /** Of that, what is not mapped from files: the kernel takes those pages back when it needs them. */
  readonly ownMb: number
  /** The largest `residentMb` of its life. */
  readonly peakResidentMb: number
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Reads /proc, so Linux only: the figures are those of the kernel, not of the process about itself. */
export function usageOf(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the command stands in brackets and may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond,
    residentMb: megabytes('VmRSS'),
    ownMb: megabytes('RssAnon'),
    peakResidentMb: megabytes('VmHWM'),
  }
}
