import type { Settings } from '../../config/settings.ts'
import { topicsOf } from '../../records/topics.ts'
import type { Engine, ExplainedKafkaMessage, Output } from './engine.ts'
import { createEngines, type Surroundings } from './engines.ts'
import type { InputLine, KafkaInput } from './input-line.ts'
import { outputLine } from './output-line.ts'

/** What no filter of the bridge matches, or stands on a topic that it does not consume (fleets 2.2). */
const UNMATCHED: readonly Output[] = [{ kind: 'ignored', reason: 'unmatched_topic' }]

/** The whole bridge with nothing connected: lines in, output lines out, time only as the lines say. */
export class Simulation {
  readonly #engines: readonly Engine[]
  readonly #topics: ReturnType<typeof topicsOf>
  #previousAt: number | null = null
  /** The next offset by topic and partition. */
  readonly #offsets = new Map<string, number>()

  constructor(settings: Settings, surroundings: Surroundings) {
    this.#engines = createEngines(settings, surroundings)
    this.#topics = topicsOf(settings)
  }

  /** The output lines of one input line; timers that were due before it come first. */
  *step(number: number, line: InputLine, at: number): Generator<string> {
    const kafkaTopic = line.kafka?.topic ?? null
    for (const output of this.#heldBack(kafkaTopic)) yield* this.#print(number, output)
    this.#previousAt = at
    for (const output of this.#timersBefore(at)) yield* this.#print(number, output)
    if (line.puback !== null) for (const engine of this.#engines) engine.puback?.(line.puback)
    for (const output of this.#followed(this.#input(line, at), at)) yield* this.#print(number, output)
  }

  *#print(step: number, output: Output): Generator<string> {
    const text = outputLine(step, output, this.#topics)
    if (text !== null) yield text
  }

  *#heldBack(kafkaTopic: string | null): Generator<Output> {
    const at = this.#previousAt
    if (at === null) return
    for (const engine of this.#engines) yield* this.#unasked(engine.beforeLine?.(kafkaTopic, at) ?? [], at)
  }

  *#timersBefore(at: number): Generator<Output> {
    for (;;) {
      let deadline = at
      let due: Engine | null = null
      for (const engine of this.#engines) {
        const next = engine.nextDeadline()
        if (next === null || next >= deadline) continue
        deadline = next
        due = engine
      }
      if (due === null) return
      yield* this.#unasked(due.fire(deadline), deadline)
    }
  }

  /** What no input of the line caused: nothing is printed as ignored. */
  *#unasked(outputs: readonly Output[], at: number): Generator<Output> {
    for (const output of this.#followed(outputs, at)) if (output.kind !== 'ignored') yield output
  }

  /** Outputs in order, each record followed by what the engines make of it. */
  *#followed(outputs: readonly Output[], at: number): Generator<Output> {
    for (const output of outputs) {
      yield output
      if (output.kind !== 'record') continue
      for (const engine of this.#engines) yield* this.#followed(engine.follow?.(output.record, at) ?? [], at)
    }
  }

  #input(line: InputLine, at: number): readonly Output[] {
    if (line.mqtt !== null) {
      const message = { ...line.mqtt, receivedAt: at }
      return this.#firstTaker((engine) => engine.mqtt(message)) ?? UNMATCHED
    }
    if (line.http !== null) {
      const request = { ...line.http, at }
      return this.#firstTaker((engine) => engine.http?.(request) ?? null) ?? []
    }
    if (line.kafka === null) return []
    const record = this.#recordOf(line.kafka, at)
    return this.#firstTaker((engine) => engine.kafka(record, at)) ?? UNMATCHED
  }

  #firstTaker(offer: (engine: Engine) => readonly Output[] | null): readonly Output[] | null {
    for (const engine of this.#engines) {
      const outputs = offer(engine)
      if (outputs !== null) return outputs
    }
    return null
  }

  #recordOf(input: KafkaInput, at: number): ExplainedKafkaMessage {
    const place = `${input.partition} ${input.topic}`
    const offset = input.offset ?? this.#offsets.get(place) ?? 0
    this.#offsets.set(place, offset + 1)
    return { ...input, offset: String(offset), timestamp: at }
  }
}
