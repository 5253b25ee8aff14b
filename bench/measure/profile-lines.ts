interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** A sample that took this long was not at work but frozen, while its backlog was laid. */
const frozenMicros = 500_000

/** Own time by function and by file of a .cpuprofile, as lines of text; idle and frozen time is left out. */
export function profileLines(text: string, most = 45): string[] {
  const { nodes, samples, timeDeltas } = JSON.parse(text) as Profile
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const [functions, files] = [new Map<string, number>(), new Map<string, number>()]
  let busy = 0
  samples.forEach((id, index) => {
    const frame = frames.get(id)
    const micros = timeDeltas[index] ?? 0
    if (frame === undefined || ['(idle)', '(program)'].includes(frame.functionName)) return
    if (micros > frozenMicros) return
    busy += micros
    const file = frame.url.replace(/^.*\/(node_modules|dist)\//, '').replace(/\?.*$/, '') || '(native)'
    add(functions, `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}`, micros)
    add(files, file, micros)
  })
  const listed = (shares: Map<string, number>): string[] =>
    [...shares]
      .sort((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([name, micros]) => `${((micros * 100) / busy).toFixed(1).padStart(5)} %  ${name}`)
  return ['own time by function', ...listed(functions), '', 'own time by file', ...listed(files)]
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros)
}
