import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Output } from '../../../src/cli/explain/engine.ts'
import { FleetOwner, sentBy } from '../../kit/fleet-owner.ts'

const MINUTE = 60_000

/** An execution as the model has it. */
interface Run {
  readonly job: string
  /** Which CREATE_JOB of this id. */
  readonly birth: number
  status: string
  version: number
  readonly queuedAt: number
  readonly sequence: number
  readonly limit: number | null
  step: number | null
  end: number | null
}

interface Job {
  readonly birth: number
  status: string
  readonly continuous: boolean
  readonly things: readonly string[]
  /** Last known status of each thing's execution. */
  readonly runs: Map<string, string>
}

const pendingRank: Readonly<Record<string, number>> = { IN_PROGRESS: 0, QUEUED: 1 }
const isPending = (run: Run): boolean => run.status in pendingRank

/** The table of fleets 7.2 and the notices of 7.3, written down anew. */
class Model {
  readonly registered = new Set(['a', 'b'])
  readonly runs = new Map<string, Run[]>([
    ['a', []],
    ['b', []],
  ])
  readonly jobs = new Map<string, Job>()
  births = 0
  readonly seen = new Map<string, readonly [ids: string, head: string]>()

  of(thing: string): Run[] {
    return this.runs.get(thing) ?? []
  }

  find(thing: string, job: string): Run | undefined {
    return this.of(thing).find((run) => run.job === job)
  }

  pending(thing: string): Run[] {
    const rank = (run: Run): number => pendingRank[run.status] ?? 2
    return this.of(thing)
      .filter(isPending)
      .sort((x, y) => rank(x) - rank(y) || x.queuedAt - y.queuedAt || x.sequence - y.sequence)
  }

  end(thing: string, run: Run, status: string): void {
    run.status = status
    run.version += 1
    run.step = null
    run.end = null
    this.tell(thing, run)
  }

  tell(thing: string, run: Run): void {
    const job = this.jobs.get(run.job)
    if (job?.birth !== run.birth) return
    job.runs.set(thing, run.status)
    const open = [...job.runs.values()].some((status) => status in pendingRank)
    if (job.status === 'IN_PROGRESS' && !job.continuous && !open) job.status = 'COMPLETED'
  }

  start(thing: string, run: Run, now: number): void {
    if (run.status === 'QUEUED' && run.limit !== null) run.end = now + run.limit * MINUTE
    run.status = 'IN_PROGRESS'
    run.version += 1
    this.tell(thing, run)
  }

  deadline(run: Run): number {
    return Math.min(run.step ?? Infinity, run.end ?? Infinity)
  }

  /** What each thing would be told it has, for the notices of the next change. */
  remember(): void {
    for (const thing of ['a', 'b']) {
      const pending = this.pending(thing)
      const ids = JSON.stringify(pending.map((run) => run.job).sort())
      this.seen.set(thing, [ids, JSON.stringify(pending[0] && [pending[0].job, pending[0].birth])])
    }
  }
}

function expectNotices(model: Model, outputs: readonly Output[]): void {
  for (const thing of ['a', 'b']) {
    const [ids, head] = model.seen.get(thing) ?? ['[]', undefined]
    const pending = model.pending(thing)
    const notices = sentBy(outputs).filter(([topic]) => topic.startsWith(`$emqx/things/${thing}/jobs/notify`))
    const expected = []
    if (model.registered.has(thing)) {
      if (JSON.stringify(pending.map((run) => run.job).sort()) !== ids) expected.push('notify')
      if (JSON.stringify(pending[0] && [pending[0].job, pending[0].birth]) !== head) expected.push('notify-next')
    }
    expect(notices.map(([topic]) => topic.split('/').at(-1))).toEqual(expected)
    for (const [topic, payload] of notices) {
      if (topic.endsWith('next')) {
        const execution = payload['execution'] as Record<string, unknown> | undefined
        expect(execution?.['jobId']).toBe(pending[0]?.job)
        expect(execution?.['versionNumber']).toBe(pending[0]?.version)
      } else {
        const jobs = payload['jobs'] as Record<string, readonly { jobId: string }[]>
        for (const status of ['IN_PROGRESS', 'QUEUED']) {
          const listed = pending.filter((run) => run.status === status).map((run) => run.job)
          expect(jobs[status]?.map((each) => each.jobId) ?? []).toEqual(listed)
        }
      }
    }
  }
}

function expectSame(model: Model, owner: FleetOwner): void {
  for (const thing of ['a', 'b']) {
    const actual = [...owner.thing(thing).executions.values()].map((run) => [
      run.jobId,
      run.status,
      run.versionNumber,
      run.sequence,
      run.stepDeadline,
      run.inProgressDeadline,
    ])
    const expected = model.of(thing).map((run) => [run.job, run.status, run.version, run.sequence, run.step, run.end])
    expect(new Set(actual.map((run) => JSON.stringify(run)))).toEqual(
      new Set(expected.map((run) => JSON.stringify(run))),
    )
  }
  for (const id of ['j', 'k', 'l']) {
    const job = model.jobs.get(id)
    const actual = owner.job(id)
    expect(actual.state?.status).toBe(job?.status)
    const counts: Record<string, number> = {}
    for (const status of job?.runs.values() ?? []) counts[status] = (counts[status] ?? 0) + 1
    expect(actual.progress?.counts).toEqual(job === undefined ? undefined : counts)
    expect(actual.progress?.executionsTotal).toBe(job?.things.length)
  }
}

const id = fc.constantFrom('j', 'j', 'k', 'l')
const thing = fc.constantFrom('a', 'a', 'b')
const minutes = fc.constantFrom(undefined, 1, 2)
const create = fc.record({
  op: fc.constant('create' as const),
  id,
  things: fc.constantFrom(['a'], ['b'], ['a', 'b'], ['b', 'a', 'b']),
  continuous: fc.boolean(),
  limit: minutes,
})
const start = fc.record({ op: fc.constant('start' as const), thing, step: minutes })
const update = fc.record({
  op: fc.constant('update' as const),
  id,
  thing,
  status: fc.constantFrom('IN_PROGRESS', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'),
  lock: fc.constantFrom('none', 'right', 'wrong'),
  step: minutes,
})
const rare = fc.oneof(
  fc.record({ op: fc.constant('cancel' as const), id, force: fc.boolean() }),
  fc.record({ op: fc.constant('delete' as const), id, force: fc.boolean() }),
  fc.record({ op: fc.constant('cancelOne' as const), id, thing, force: fc.boolean() }),
  fc.record({ op: fc.constant('wait' as const), ms: fc.constantFrom(7, 61_007, 130_013) }),
  fc.record({ op: fc.constant('leave' as const), thing }),
  fc.record({ op: fc.constant('join' as const), thing }),
  fc.record({ op: fc.constant('restart' as const) }),
)
// Mostly what goes forward, so that what ends things meets something.
const action = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 3, arbitrary: start },
  { weight: 6, arbitrary: update },
  { weight: 4, arbitrary: rare },
)
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never

/** Does the action to both and compares what was answered. */
function perform(action: Action, at: number, model: Model, owner: FleetOwner): readonly Output[] {
  const job = 'id' in action ? model.jobs.get(action.id) : undefined
  const answer = (outputs: readonly Output[]): unknown =>
    outputs.flatMap((each) =>
      each.kind === 'record' && each.record.channel === 'results' ? [(each.record.value as { code: string }).code] : [],
    )[0]
  const ask = (op: string, jobId: string, members: object): readonly Output[] =>
    owner.request('job', jobId, { op, jobId, requestId: `r${at}`, ...members })
  switch (action.op) {
    case 'create': {
      const outputs = ask('CREATE_JOB', action.id, {
        targets: { thingNames: action.things },
        documentJson: '{}',
        targetSelection: action.continuous ? 'CONTINUOUS' : 'SNAPSHOT',
        timeoutConfig: { inProgressTimeoutInMinutes: action.limit ?? null },
      })
      const known = action.things.every((name) => model.registered.has(name))
      expect(answer(outputs)).toBe(job !== undefined ? 'JOB_EXISTS' : known ? null : 'INVALID_TARGET')
      if (job !== undefined || !known) return outputs
      const things = [...new Set<string>(action.things)]
      const birth = (model.births += 1)
      model.jobs.set(action.id, {
        birth,
        status: 'IN_PROGRESS',
        continuous: action.continuous,
        things,
        runs: new Map(),
      })
      for (const name of things) {
        const runs = model.of(name)
        const run: Run = {
          job: action.id,
          birth,
          status: 'QUEUED',
          version: 0,
          queuedAt: owner.now,
          sequence: Math.max(0, ...runs.map((each) => each.sequence)) + 1,
          limit: action.limit ?? null,
          step: null,
          end: null,
        }
        runs.push(run)
        model.jobs.get(action.id)?.runs.set(name, 'QUEUED')
      }
      return outputs
    }
    case 'cancel': {
      const outputs = ask('CANCEL_JOB', action.id, { force: action.force })
      const refusal = job === undefined ? 'JOB_NOT_FOUND' : 'INVALID_STATE_TRANSITION'
      expect(answer(outputs)).toBe(job?.status === 'IN_PROGRESS' ? null : refusal)
      if (job?.status !== 'IN_PROGRESS') return outputs
      job.status = 'CANCELED'
      for (const name of job.things) {
        const run = model.find(name, action.id)
        const hit = run?.status === 'QUEUED' || (run?.status === 'IN_PROGRESS' && action.force)
        if (run !== undefined && hit) model.end(name, run, 'CANCELED')
      }
      return outputs
    }
    case 'delete': {
      const outputs = ask('DELETE_JOB', action.id, { force: action.force })
      const allowed = job !== undefined && (job.status !== 'IN_PROGRESS' || action.force)
      const refusal = job === undefined ? 'JOB_NOT_FOUND' : 'INVALID_STATE_TRANSITION'
      expect(answer(outputs)).toBe(allowed ? null : refusal)
      if (!allowed) return outputs
      model.jobs.delete(action.id)
      for (const name of ['a', 'b'])
        model.runs.set(
          name,
          model.of(name).filter((run) => run.job !== action.id),
        )
      return outputs
    }
    case 'cancelOne': {
      const outputs = ask('CANCEL_JOB_EXECUTION', action.id, { thingName: action.thing, force: action.force })
      const run = model.find(action.thing, action.id)
      const hit = run?.status === 'QUEUED' || (run?.status === 'IN_PROGRESS' && action.force)
      expect(answer(outputs)).toBe(run === undefined ? 'EXECUTION_NOT_FOUND' : hit ? null : 'INVALID_STATE_TRANSITION')
      if (run !== undefined && hit) model.end(action.thing, run, 'CANCELED')
      return outputs
    }
    case 'start': {
      const outputs = owner.device(`${action.thing}/jobs/start-next`, { stepTimeoutInMinutes: action.step })
      const served = model.registered.has(action.thing)
      const head = model.pending(action.thing)[0]
      const [topic, reply] = sentBy(outputs)[0] ?? ['', {}]
      expect(topic).toMatch(served ? /accepted$/ : /rejected$/)
      if (!served || head === undefined) return outputs
      if (head.status === 'QUEUED') model.start(action.thing, head, owner.now)
      if (action.step !== undefined) head.step = owner.now + action.step * MINUTE
      const left = model.deadline(head) - owner.now
      expect(reply['execution']).toMatchObject({ jobId: head.job, versionNumber: head.version, status: 'IN_PROGRESS' })
      const seconds = (reply['execution'] as Record<string, unknown>)['approximateSecondsBeforeTimedOut']
      expect(seconds).toBe(left === Infinity ? undefined : Math.floor(left / 1000))
      return outputs
    }
    case 'update': {
      const run = model.find(action.thing, action.id)
      const version = run?.version ?? 0
      const outputs = owner.device(`${action.thing}/jobs/${action.id}/update`, {
        status: action.status,
        stepTimeoutInMinutes: action.step,
        expectedVersion: { none: undefined, right: version, wrong: version + 3 }[action.lock],
        clientToken: `t${at}`,
      })
      const [, reply] = sentBy(outputs)[0] ?? ['', {}]
      if (!model.registered.has(action.thing) || run === undefined) expect(reply['code']).toBe('ResourceNotFound')
      else if (run.status === action.status && !isPending(run) && action.lock !== 'wrong') {
        expect(reply).not.toHaveProperty('code')
      } else if (action.lock === 'wrong') expect(reply['code']).toBe('VersionMismatch')
      else if (!isPending(run)) expect(reply['code']).toBe('InvalidStateTransition')
      else if (action.status === 'IN_PROGRESS') {
        model.start(action.thing, run, owner.now)
        if (action.step !== undefined) run.step = owner.now + action.step * MINUTE
      } else model.end(action.thing, run, action.status)
      return outputs
    }
    case 'wait':
      return owner.advance(action.ms)
    case 'leave': {
      const outputs = owner.unregister(action.thing)
      model.registered.delete(action.thing)
      for (const run of model.of(action.thing)) if (isPending(run)) model.end(action.thing, run, 'REMOVED')
      model.runs.set(action.thing, [])
      return outputs
    }
    case 'join':
      owner.register(action.thing)
      model.registered.add(action.thing)
      return []
    case 'restart':
      owner.restart()
      return []
  }
}

/** Runs the model's timers up to the owner's clock; true when there was one. */
function timeOut(model: Model, now: number): boolean {
  const due = ['a', 'b'].flatMap((name) =>
    model
      .of(name)
      .flatMap((run) => (run.status === 'IN_PROGRESS' && model.deadline(run) <= now ? [{ name, run }] : [])),
  )
  for (const { name, run } of due.sort((x, y) => model.deadline(x.run) - model.deadline(y.run))) {
    model.end(name, run, 'TIMED_OUT')
  }
  return due.length > 0
}

test('jobs follow the model of the state table', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 30, size: 'max' }), (actions) => {
      const owner = new FleetOwner()
      const model = new Model()
      for (const name of model.registered) owner.register(name)
      actions.forEach((each, at) => {
        // No two inputs at the same time, so that no two deadlines are equal.
        owner.advance(1001)
        timeOut(model, owner.now)
        model.remember()
        const outputs = perform(each, at, model, owner)
        // Several timers may have told the thing several things.
        if (!timeOut(model, owner.now)) expectNotices(model, outputs)
        expectSame(model, owner)
      })
    }),
    { numRuns: 120 },
  )
})
