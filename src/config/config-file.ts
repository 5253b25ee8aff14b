import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parse, parseDocument } from 'yaml'
import type { ConfigFault } from './config-error.ts'
import { type OptionPath, pathText } from './option-path.ts'
import { optionAt } from './option-tree.ts'
import { Origins } from './origins.ts'
import { SubstitutionFault, type Surroundings, substitute } from './substitution.ts'

/** One source of configuration, read but not yet checked against the options. */
export interface Layer {
  readonly value: unknown
  readonly origins: Origins
  readonly faults: readonly ConfigFault[]
}

/** Reads a YAML (so also JSON) text. `name` is how errors call it. Placeholders are replaced in values, not in keys. */
export function readConfigText(text: string, name: string, surroundings: Surroundings): Layer {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: (a, b) => keyText(a) === keyText(b) })
  const origins = new Origins()
  const faults: ConfigFault[] = document.errors.map((error) => ({
    path: '',
    origin: `${name}:${error.linePos?.[0].line ?? 1}`,
    // Only the first line: the others show the text of the file, and with it perhaps a secret.
    problem: `is not YAML: ${error.message.split('\n', 1)[0]?.replace(/ at line .*/, '')}`,
    allowed: null,
    next: null,
  }))
  // Only a warning of the reader, which goes on with the rest of the value. A password may begin with `!`.
  for (const { linePos } of document.warnings) {
    const problem = 'has a text that begins with ! or %; put it in quotes'
    faults.push({ path: '', origin: `${name}:${linePos?.[0].line ?? 1}`, problem, allowed: null, next: null })
  }
  if (faults.length > 0) return { value: {}, origins, faults }

  const read = (node: unknown, path: OptionPath, depth: number): unknown => {
    const where = `${name}:${lines.linePos((node as Node | null)?.range?.[0] ?? 0).line}`
    if (depth > 32) {
      faults.push({ path: pathText(path), origin: where, problem: 'is nested too deep', allowed: null, next: null })
      return null
    }
    if (isAlias(node)) {
      const meant = node.resolve(document)
      if (meant !== undefined) return read(meant, path, depth + 1)
      // A password may begin with `*`; without this fault there would be none.
      const problem = 'begins with * and names no anchor; put text in quotes'
      faults.push({ path: pathText(path), origin: where, problem, allowed: null, next: null })
      return null
    }
    if (isMap(node)) {
      const object: Record<string, unknown> = Object.create(null)
      for (const { key, value } of node.items) {
        const member = keyText(key)
        object[member] = read(value, [...path, member], depth + 1)
      }
      return object
    }
    if (isSeq(node)) {
      origins.put(path, { where, hidden: false })
      return node.items.map((item, index) => read(item, [...path, index], depth + 1))
    }
    if (!isScalar(node)) return null
    const { value } = node
    if (value === null && optionAt(path)?.kind === 'group') return null
    if (typeof value !== 'string') {
      origins.put(path, { where, hidden: false })
      return value
    }
    return readText(value, path, where, surroundings, origins, faults)
  }
  return { value: read(document.contents, [], 0) ?? {}, origins, faults }
}

/** Reads one `a.b=value` of the command line. Text is taken as it is where the option is text, else read as YAML. */
export function readOverride(argument: string, path: OptionPath, surroundings: Surroundings): Layer {
  const origins = new Origins()
  const faults: ConfigFault[] = []
  const text = argument.slice(argument.indexOf('=') + 1)
  const plain = readText(text, path, '--set', surroundings, origins, faults)
  const value = plain === text ? typed(text, path) : plain
  let layer: unknown = value
  for (const part of path.toReversed()) layer = { [part]: layer }
  return { value: layer, origins, faults }
}

function readText(
  text: string,
  path: OptionPath,
  where: string,
  surroundings: Surroundings,
  origins: Origins,
  faults: ConfigFault[],
): unknown {
  try {
    const put = substitute(text, surroundings)
    const sources = put.sources.length === 0 ? '' : `, ${put.sources.join(', ')}`
    origins.put(path, { where: `${where}${sources}`, hidden: put.fromFile })
    return put.whole && put.sources.length > 0 ? typed(put.text, path) : put.text
  } catch (error) {
    if (!(error instanceof SubstitutionFault)) throw error
    origins.put(path, { where, hidden: false })
    faults.push({ path: pathText(path), origin: where, problem: error.message, allowed: null, next: null })
    return null
  }
}

/** Text from outside has no type of its own: the option says whether it is meant as text. */
function typed(text: string, path: OptionPath): unknown {
  const option = optionAt(path)
  if (option === null || (option.isText && !(option.takesNull && text === 'null'))) return text
  try {
    return parse(text) as unknown
  } catch {
    return text
  }
}

/** `1: CHECK_OUT` means the text `1`; `01` stays `01`. */
function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key)
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}
