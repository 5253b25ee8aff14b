import { setTimeout as pause } from 'node:timers/promises'
import { fleetInputs } from '../../src/engine/fleet-ports.ts'
import type { IngestWorker } from '../../test/kit/ingest-worker.ts'
import type { StepName } from '../stage/transaction-trace.ts'
import type { ThingRow } from './thing-row.ts'
import { partitions, type ThingScene } from './thing-scene.ts'

const patienceMs = 60_000
const moments: readonly StepName[] = ['begun', 'written', 'offsets', 'ending']

/** Kills the worker of slot 0 when this step has gone to Kafka: nothing of it goes further, and it hears no answer. */
async function killAt(scene: ThingScene, step: StepName): Promise<void> {
  const { kafkaProxy, transactions } = scene.servers
  const strike = (): void => {
    kafkaProxy.halfOpen()
    scene.crew.worker(0).process.signal('SIGKILL')
  }
  const own = scene.clientId(0)
  await transactions.strikeAt(({ name, clientId }) => name === step && clientId === own, strike, patienceMs)
  await buried(scene)
}

/** The worker of slot 0 is dead: what it had sent and Kafka had not yet got dies with it. */
async function buried({ crew, servers: { kafkaProxy } }: ThingScene): Promise<void> {
  await crew.kill(0)
  kafkaProxy.cut()
  kafkaProxy.heal()
}

/** The worker is a member of the group of the owners, with so many partitions at least. */
async function owns({ names }: ThingScene, worker: IngestWorker, least: number, from: number): Promise<void> {
  await worker.process.log(
    ({ event, group, partitions: held }) =>
      event === 'kafka_partitions_assigned' && group === `${names.name}-fleet` && Number(held) >= least,
    patienceMs,
    from,
  )
}

/** What happens to the owners of things, to their outbox and to what they restore from. */
export const thingRows: readonly ThingRow[] = [
  {
    name: 'fleet-killed',
    title:
      'Owner of things killed (kill −9): a transaction begun, written, before its end, at its end; and at any time',
    faults: 10,
    roles: { 0: 'ingest,fleet' },
    aimed: false,
    hurt: async (scene, random, nth) => {
      const moment = moments[nth % (moments.length + 1)]
      let inTheAct = true
      if (moment !== undefined) await killAt(scene, moment)
      else {
        await pause(random.whole(0, 500))
        inTheAct = scene.servers.transactions.isOpen(scene.clientId(0))
        await buried(scene)
      }
      await scene.crew.begin(0)
      return inTheAct
    },
  },
  {
    name: 'fleet-rebalance',
    title: 'Second owner of things joins, and leaves again, under load',
    faults: 8,
    roles: { 0: 'fleet', 2: 'ingest' },
    aimed: false,
    hurt: async (scene, random, nth) => {
      const { kafkaProxy, transactions } = scene.servers
      const before = transactions.overtaken
      // Transactions take as long as they would between data centres, so that one is sure to be open.
      kafkaProxy.slow({ delayMs: random.whole(10, 40) })
      if (nth % 2 === 0) {
        const second = await scene.crew.begin(1)
        await owns(scene, second, 1, 0)
      } else {
        const line = scene.crew.worker(0).now
        await scene.crew.stop(1)
        await owns(scene, scene.crew.worker(0), partitions, line)
      }
      await scene.flow.everyoneAnswered(patienceMs)
      kafkaProxy.heal()
      return transactions.overtaken > before
    },
  },
  {
    name: 'fleet-zombie',
    title: 'Owner of things frozen (SIGSTOP) in a transaction until another owns its partitions, and resumed',
    faults: 5,
    roles: { 0: 'fleet', 1: 'fleet', 2: 'ingest' },
    aimed: true,
    hurt: async (scene, random) => {
      const { transactions } = scene.servers
      const [zombie, heir] = [scene.crew.worker(0), scene.crew.worker(1)]
      const [step, own, lines] = [random.pick(moments), scene.clientId(0), [zombie.now, heir.now] as const]
      const strike = (): void => zombie.process.freeze()
      await transactions.strikeAt(({ name, clientId }) => name === step && clientId === own, strike, patienceMs)
      await owns(scene, heir, partitions, lines[1])
      await scene.flow.everyoneAnswered(patienceMs)
      zombie.process.thaw()
      await zombie.says('kafka_partitions_lost', lines[0], patienceMs)
      await owns(scene, zombie, 1, lines[0])
      return true
    },
  },
  {
    name: 'fleet-late',
    title: 'Owner of things frozen at the end of a transaction, which reaches Kafka when another owns its partitions',
    faults: 3,
    onDisk: true,
    roles: { 0: 'fleet', 1: 'fleet', 2: 'ingest' },
    aimed: true,
    hurt: async (scene) => {
      const { kafkaProxy, transactions } = scene.servers
      const [zombie, heir] = [scene.crew.worker(0), scene.crew.worker(1)]
      const [own, other, lines] = [scene.clientId(0), scene.clientId(1), [zombie.now, heir.now] as const]
      const [group, before] = [`${scene.names.name}-fleet`, transactions.overtaken]
      // Time for the end to come between what the new owner asks and what it writes.
      kafkaProxy.slow({ delayMs: 50 })
      let link = -1
      const strike = (step: { readonly link: number }): void => {
        link = step.link
        kafkaProxy.hold(link, 'up')
      }
      await transactions.strikeAt(({ name, clientId }) => name === 'offsets' && clientId === own, strike, patienceMs)
      for (const deadline = performance.now() + patienceMs; kafkaProxy.held(link, 'up') === 0; await pause(5)) {
        if (performance.now() > deadline) throw new Error('the end of the transaction was not sent')
      }
      zombie.process.freeze()
      const from = transactions.steps.length
      const asked = (): boolean =>
        transactions.steps
          .slice(from)
          .filter(({ name, about, clientId }) => name === 'asking' && about === group && clientId === other).length >=
        fleetInputs.length
      await transactions.until('another owner asks where to begin', asked, patienceMs)
      await pause(20)
      kafkaProxy.heal()
      await owns(scene, heir, partitions, lines[1])
      await scene.flow.everyoneAnswered(patienceMs)
      zombie.process.thaw()
      await zombie.says('kafka_partitions_lost', lines[0], patienceMs)
      await owns(scene, zombie, 1, lines[0])
      return transactions.overtaken > before
    },
  },
  {
    name: 'fleet-outbox',
    title: 'Outbox killed (kill −9) between a PUBACK and its commit',
    faults: 8,
    roles: { 0: 'fleet', 2: 'ingest' },
    aimed: true,
    repeats: true,
    hurt: async (scene, random) => {
      await pause(random.whole(0, 500))
      await scene.pubacks.strikeAt(() => {
        // No commit leaves any more.
        scene.servers.kafkaProxy.halfOpen()
        scene.crew.worker(0).process.signal('SIGKILL')
      }, patienceMs)
      await buried(scene)
      await scene.crew.begin(0)
      return true
    },
  },
  {
    name: 'fleet-restore',
    title: 'Owner of things killed (kill −9) twice while it reads its state back, most of it to disk',
    faults: 5,
    onDisk: true,
    roles: { 0: 'fleet', 2: 'ingest' },
    aimed: true,
    hurt: async (scene, random) => {
      const { kafkaProxy, transactions } = scene.servers
      await buried(scene)
      let interrupted = 0
      for (let times = 0; times < 2; times += 1) {
        const from = transactions.steps.length
        kafkaProxy.slow({ delayMs: 100 })
        const worker = await scene.crew.begin(0)
        const fenced = (): number =>
          new Set(transactions.steps.slice(from).flatMap(({ name, about }) => (name === 'fencing' ? [about] : []))).size
        await transactions.until('every partition is fenced', () => fenced() === partitions, patienceMs)
        await pause(random.whole(0, 800))
        if (worker.lines('readiness_changed').every(({ ready }) => ready !== true)) interrupted += 1
        await buried(scene)
      }
      await scene.crew.begin(0)
      return interrupted === 2
    },
  },
  {
    name: 'fleet-job',
    title: 'One of two owners killed (kill −9) in the middle of a job of 500 things',
    faults: 1,
    roles: { 0: 'ingest,fleet', 1: 'ingest,fleet' },
    jobThings: 500,
    aimed: true,
    hurt: async (scene) => {
      const { log } = scene.flow
      const jobId = [...scene.flow.jobs.keys()].at(-1)
      const ended = (): number => log.of('jobExecutions', { jobId, status: 'SUCCEEDED' }).length
      await log.holds('a fifth of the things is through', () => ended() >= 100, patienceMs)
      await killAt(scene, 'written')
      return ended() < 500
    },
  },
]
