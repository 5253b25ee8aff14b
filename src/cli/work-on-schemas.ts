import { subjectOf } from '../kafka/encodings.ts'
import { Registry } from '../kafka/registry.ts'
import { systemClock } from '../kernel/clock.ts'
import { Failure } from '../kernel/failure.ts'
import { neededChannels, topicsOf } from '../records/topics.ts'
import { exitCodes } from './exit-codes.ts'
import type { WorkOnSchemas } from './schemas.ts'

interface Finding {
  readonly subject: string
  readonly state: 'known' | 'registered' | 'missing' | 'incompatible'
  readonly id: number | null
  readonly problem: string | null
}

/** `bridge schemas check|register`, one subject after the other, so that the output is in a steady order. */
export const workOnSchemas: WorkOnSchemas = async ({ settings }, { action, json }, io) => {
  const registry = new Registry(settings.registry, systemClock, () => undefined)
  const topics = topicsOf(settings)
  const findings: Finding[] = []
  for (const channel of neededChannels(settings)) {
    const subject = subjectOf(channel, topics[channel])
    if (subject === null) continue
    const finding = await look(async () => {
      const id = action === 'register' ? await registry.register(subject) : await registry.lookUp(subject)
      return { subject: subject.subject, state: action === 'register' ? 'registered' : 'known', id, problem: null }
    }, subject.subject)
    findings.push(finding)
    if (!json) io.stdout.write(`${lineOf(finding)}\n`)
  }
  const bad = findings.filter(({ state }) => state === 'missing' || state === 'incompatible')
  if (json) io.stdout.write(`${JSON.stringify({ subjects: findings })}\n`)
  else io.stdout.write(summaryOf(findings.length, bad))
  return bad.length === 0 ? exitCodes.ok : exitCodes.failed
}

async function look(ask: () => Promise<Finding>, subject: string): Promise<Finding> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'fatal') throw error
    return { subject, state: error.code === 'missing' ? 'missing' : 'incompatible', id: null, problem: error.message }
  }
}

function lineOf({ subject, state, id, problem }: Finding): string {
  return `${state.padEnd(12)}  ${subject}${id === null ? '' : `  id ${id}`}${state === 'incompatible' ? `  ${problem}` : ''}`
}

function summaryOf(all: number, bad: readonly Finding[]): string {
  if (bad.length === 0) return `${all} subjects, all known to the registry.\n`
  const next = bad.some(({ state }) => state === 'missing') ? ' Register them with: bridge schemas register' : ''
  return `${all} subjects, ${bad.length} of them missing or refused.${next}\n`
}
