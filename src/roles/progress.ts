import type { Settings } from '../config/settings.ts'
import type { Sender } from '../flow/sender.ts'
import type { KafkaWriter } from '../kafka/writer.ts'
import type { Lane } from '../observe/watchdog.ts'
import { writerOptions } from './kafka-side.ts'
import type { RoleDeps } from './role.ts'

/**
 * Records on their way to Kafka. A send that fails is a sign of life too, as is one whose deadline cut it: this hangs
 * when none ends any more, so it needs no Kafka to tell.
 */
export function watchSink(role: string, settings: Settings, sender: Sender, writer: KafkaWriter, deps: RoleDeps): void {
  deps.watchdog.watch({
    part: 'kafka_sink',
    condition: `${role}.progress`,
    // Connecting and sending have this long each, and then comes the longest wait.
    patienceMs: 2 * writerOptions(settings).abandonMs + settings.kafka.retry.maxMs,
    connected: () => true,
    lanes: () => [
      {
        name: 'records',
        pending: sender.pending,
        done: writer.ended,
        says: `${writer.ended} sends ended, the one in the air is ${sender.flightAgeMs()} ms old`,
      },
    ],
  })
}

/** Work that finishes when all the servers of the role are there and do what they are asked. */
export function watchWork(
  role: string,
  part: string,
  patienceMs: number,
  lanes: () => readonly Lane[],
  deps: RoleDeps,
): void {
  deps.watchdog.watch({
    part,
    condition: `${role}.progress`,
    patienceMs,
    connected: () => deps.ready.holdAll(`${role}.`),
    lanes,
  })
}
