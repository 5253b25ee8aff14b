/**
 * Makes src/records/generated/ from schemas/*.avsc: one file a schema with its TypeScript shape and its text, and one
 * with the list of them, so that nothing is read from disk at run time.
 *
 *     npx tsx scripts/records.ts            write the files
 *     npx tsx scripts/records.ts --check    exit 1 when one is missing, different or left over
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

interface Field {
  readonly name: string
  readonly type: Schema
  readonly doc?: string
}
type Schema =
  | string
  | readonly Schema[]
  | {
      readonly type: string | Schema
      readonly name?: string
      readonly doc?: string
      readonly fields?: readonly Field[]
      readonly symbols?: readonly string[]
      readonly items?: Schema
      readonly values?: Schema
    }

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
}

/** `AttendanceEvent` to `attendance-event`. */
function kebab(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()
}

function constName(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Schema`
}

/** The TypeScript type of a schema; named types met on the way are appended to `declarations`. */
function typeOf(schema: Schema, declarations: string[]): string {
  if (typeof schema === 'string') return primitives[schema] ?? schema
  if (Array.isArray(schema)) {
    const branches = schema.map((branch: Schema) => typeOf(branch, declarations))
    return [...branches.filter((branch) => branch !== 'null'), ...branches.filter((b) => b === 'null')].join(' | ')
  }
  const type = schema as Exclude<Schema, string | readonly Schema[]>
  switch (type.type) {
    case 'record':
      declareRecord(type.name ?? '', type.doc, type.fields ?? [], declarations)
      return type.name ?? ''
    case 'enum':
      declarations.push(`export type ${type.name} = ${(type.symbols ?? []).map((s) => `'${s}'`).join(' | ')}\n`)
      return type.name ?? ''
    case 'array': {
      const item = typeOf(type.items ?? 'null', declarations)
      return item.includes(' ') ? `readonly (${item})[]` : `readonly ${item}[]`
    }
    case 'map':
      return `Readonly<Record<string, ${typeOf(type.values ?? 'null', declarations)}>>`
    default:
      return typeOf(type.type, declarations)
  }
}

function declareRecord(name: string, doc: string | undefined, fields: readonly Field[], declarations: string[]): void {
  const members = fields.map((field) => {
    const type = typeOf(field.type, declarations)
    const comment = field.doc === undefined ? '' : `  /** ${field.doc} */\n`
    return `${comment}  readonly ${field.name}: ${type}\n`
  })
  declarations.push(`${doc === undefined ? '' : `/** ${doc} */\n`}export interface ${name} {\n${members.join('')}}\n`)
}

/** Names of generated files to their content. */
function generate(schemaDir: string): Map<string, string> {
  const names = readdirSync(schemaDir)
    .filter((file) => file.endsWith('.avsc'))
    .map((file) => file.slice(0, -'.avsc'.length))
    .sort()
  if (names.length === 0) throw new Error(`no schema found in ${schemaDir}`)
  const files = new Map<string, string>()
  for (const name of names) {
    const schema = JSON.parse(readFileSync(join(schemaDir, `${name}.avsc`), 'utf8')) as Exclude<Schema, string>
    const declarations: string[] = []
    const root = schema as Exclude<Schema, string | readonly Schema[]>
    declareRecord(name, root.doc, root.fields ?? [], declarations)
    const text = JSON.stringify(schema).replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
    files.set(
      `${kebab(name)}.ts`,
      `// Made from schemas/${name}.avsc by scripts/records.ts. Do not edit.\n\n` +
        `${declarations.join('\n')}\n/** The schema as registered. */\nexport const ${constName(name)} =\n  \`${text}\`\n`,
    )
  }
  files.set(
    'schemas.ts',
    `// Made from schemas/*.avsc by scripts/records.ts. Do not edit.\n\n` +
      names.map((n) => `import { type ${n}, ${constName(n)} } from './${kebab(n)}.ts'\n`).join('') +
      `\n/** The datum that belongs to each schema. */\nexport interface Data {\n` +
      names.map((n) => `  readonly ${n}: ${n}\n`).join('') +
      `}\n\nexport type SchemaName = keyof Data\n\nexport const schemaTexts: Readonly<Record<SchemaName, string>> = {\n` +
      names.map((n) => `  ${n}: ${constName(n)},\n`).join('') +
      '}\n',
  )
  return files
}

function main(root: string, check: boolean): number {
  const target = join(root, 'src/records/generated')
  const files = generate(join(root, 'schemas'))
  mkdirSync(target, { recursive: true })
  const present = readdirSync(target)
  const stale = [...files]
    .filter(([file, text]) => !present.includes(file) || readFileSync(join(target, file), 'utf8') !== text)
    .map(([file]) => file)
  const left = present.filter((file) => !files.has(file))
  if (check) {
    for (const file of stale) console.error(`src/records/generated/${file} does not match its schema`)
    for (const file of left) console.error(`src/records/generated/${file} has no schema`)
    if (stale.length + left.length > 0) console.error('run: npx tsx scripts/records.ts')
    return stale.length + left.length > 0 ? 1 : 0
  }
  for (const file of stale) writeFileSync(join(target, file), files.get(file) ?? '')
  for (const file of left) rmSync(join(target, file))
  console.log(`${files.size} files, ${stale.length} written, ${left.length} removed`)
  return 0
}

process.exitCode = main(resolve(import.meta.dirname, '..'), process.argv.includes('--check'))
