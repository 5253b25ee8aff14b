import type { LabelsOf, MetricName, NamesOf } from './metrics.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export type FieldKind = 'text' | 'count' | 'counts' | 'flag' | 'texts' | 'tally'

/** A field of an event: what it says, and (as a type only) what it holds. */
export interface Field<Value> {
  readonly kind: FieldKind
  readonly says: string
  readonly holds?: Value
}

export type Fields = Readonly<Record<string, Field<unknown>>>
export type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer V> ? V : never }

export const text = (says: string): Field<string> => ({ kind: 'text', says })
export const count = (says: string): Field<number> => ({ kind: 'count', says })
export const counts = (says: string): Field<readonly number[]> => ({ kind: 'counts', says })
export const flag = (says: string): Field<boolean> => ({ kind: 'flag', says })
export const texts = (says: string): Field<readonly string[]> => ({ kind: 'texts', says })
/** How often each of a closed set of values was met. */
export const tally = (says: string): Field<ReadonlyMap<string, number>> => ({ kind: 'tally', says })
export const orNull = <V>(field: Field<V>): Field<V | null> => ({ kind: field.kind, says: field.says })

/** What an event does to one metric. */
export interface Move<V> {
  readonly metric: MetricName
  readonly how: 'add' | 'change' | 'set' | 'observe' | 'tally'
  readonly by: (values: V) => number | readonly number[] | null
  readonly labels: ((values: V) => Readonly<Record<string, string>>) | null
  /** `tally` only: one series for each entry, with the key as this label. */
  readonly each: { readonly label: string; readonly of: (values: V) => ReadonlyMap<string, number> } | null
}

type LabelArgument<V, Name extends MetricName> = keyof LabelsOf<Name> extends never
  ? []
  : [labels: (values: V) => LabelsOf<Name>]

function move<V>(metric: MetricName, how: Move<V>['how'], by: Move<V>['by'], labels: Move<V>['labels'] | undefined) {
  return { metric, how, by, labels: labels ?? null, each: null }
}

/** The ways in which an event can move a metric, for events with the values `V`. */
interface Moves<V> {
  /** Adds to a counter. */
  add<Name extends NamesOf<'counter'>>(
    metric: Name,
    by: (values: V) => number,
    ...labels: LabelArgument<V, Name>
  ): Move<V>
  /** Adds to a gauge, or takes from it. */
  change<Name extends NamesOf<'gauge'>>(
    metric: Name,
    by: (values: V) => number,
    ...labels: LabelArgument<V, Name>
  ): Move<V>
  set<Name extends NamesOf<'gauge'>>(
    metric: Name,
    to: (values: V) => number,
    ...labels: LabelArgument<V, Name>
  ): Move<V>
  /** Puts a value, or each of several, into a histogram; null is no value. */
  observe<Name extends NamesOf<'histogram'>>(
    metric: Name,
    value: (values: V) => number | readonly number[] | null,
    ...labels: LabelArgument<V, Name>
  ): Move<V>
  /** Adds every entry of a tally to a counter whose only label is `label`. */
  addEach<Name extends NamesOf<'counter'>>(
    metric: Name,
    label: keyof LabelsOf<Name> & string,
    of: (values: V) => ReadonlyMap<string, number>,
  ): Move<V>
}

function movesOf<V>(): Moves<V> {
  return {
    add: (metric, by, ...labels) => move(metric, 'add', by, labels[0]),
    change: (metric, by, ...labels) => move(metric, 'change', by, labels[0]),
    set: (metric, to, ...labels) => move(metric, 'set', to, labels[0]),
    observe: (metric, value, ...labels) => move(metric, 'observe', value, labels[0]),
    addEach: (metric, label, of) => ({ metric, how: 'tally', by: () => 0, labels: null, each: { label, of } }),
  }
}

export const one = (): number => 1

/** One kind of event: one log line, or none, and what it does to the metrics. Pure data. */
export interface EventSpec<F extends Fields = Fields> {
  /** Null: this event is never logged, it only counts. */
  readonly level: Level | null
  readonly says: string
  readonly fields: F
  readonly moves: readonly Move<ValuesOf<F>>[]
  /**
   * For attempts that repeat: a line is written when `state` of this `subject` is not what it was at the last event,
   * else only at debug. An event that `clears` this one makes the next line count as new.
   */
  readonly repeats?: {
    readonly subject: (values: ValuesOf<F>) => string
    readonly state: (values: ValuesOf<F>) => string
  }
  readonly clears?: { readonly event: string; readonly subject: (values: ValuesOf<F>) => string }
}

/** An event as it is written down: the moves are made from the values that its fields hold. */
type Written<F extends Fields> = Omit<EventSpec<F>, 'moves'> & {
  readonly moves: (m: Moves<ValuesOf<F>>) => readonly Move<ValuesOf<F>>[]
}

export function define<const F extends Fields>(written: Written<F>): EventSpec<F> {
  return { ...written, moves: written.moves(movesOf()) }
}
