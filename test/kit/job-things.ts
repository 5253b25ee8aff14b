import { JobRunner } from './conformance/job-runner.ts'
import type { FleetThings, TakenPublication } from './fleet-things.ts'

const jobTopic = /^\$emqx\/things\/([^/]+)\/jobs\/(.+)$/

/** Things behind one connection that do every job they are given, each in its own time and by the integration page. */
export class JobThings {
  /** What went wrong in a thing; empty when all is well. */
  readonly complaints: string[] = []
  readonly #runners: ReadonlyMap<string, JobRunner>
  /** What comes for one thing is handled one after the other. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor(things: FleetThings, names: readonly string[]) {
    const publish = (topic: string, json: object): Promise<void> => things.publish(topic, json)
    this.#runners = new Map(names.map((name) => [name, new JobRunner(name, publish, work)]))
  }

  take({ topic, json }: TakenPublication): void {
    const [, name = '', leaf = ''] = jobTopic.exec(topic) ?? []
    const runner = this.#runners.get(name)
    if (runner === undefined) return
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => runner.take(leaf, json))
    this.#turns.set(
      name,
      turn.catch((error: unknown) => {
        this.complaints.push(`${name}: ${String(error)}`)
      }),
    )
  }
}

async function* work() {
  yield { progress: 'half' }
}
