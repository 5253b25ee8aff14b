import { afterAll, afterEach, beforeAll } from 'vitest'
import { type Ground, openGround } from '../../scripts/ground/open-ground.ts'
import type { KafkaServer } from '../../scripts/ground/servers/kafka.ts'

/** A Kafka for one test file alone, which may freeze or stop it, and a list of what each test leaves to be closed. */
export interface OwnKafka {
  /** For further servers. Stopped with all that it started when the file is done. */
  readonly ground: Ground
  readonly kafka: KafkaServer
  /** Closed after each test, the last one first. */
  readonly open: { close(): Promise<void> }[]
}

/** Starts it before the tests of the file that calls this, at its top level; Kafka is thawed after each test. */
export function ownKafka(): OwnKafka {
  const open: { close(): Promise<void> }[] = []
  let started: Pick<OwnKafka, 'ground' | 'kafka'> | null = null
  const running = () => {
    if (started === null) throw new Error('only tests and hooks can use this Kafka: it is not started before')
    return started
  }
  let ground: Ground | null = null
  beforeAll(async () => {
    ground = await openGround()
    started = { ground, kafka: await ground.kafka() }
  })
  afterAll(async () => {
    await ground?.close()
  })
  afterEach(async () => {
    running().kafka.thaw()
    for (const each of open.splice(0).reverse()) await each.close()
  })
  return {
    open,
    get ground() {
      return running().ground
    },
    get kafka() {
      return running().kafka
    },
  }
}
