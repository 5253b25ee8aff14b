import { type OptionPath, pathText } from './option-path.ts'
import { type OptionNode, optionTree } from './option-tree.ts'

const intro = `# Configuration

<!-- Made by scripts/config-page.ts from src/config/*-settings.ts. Do not edit. -->

The bridge reads one YAML file, or several laid one over the other, and \`--set\` on top:

    bridge run --config bridge.yaml --config site.yaml --set mqtt.slot=3

- Objects and maps are merged, lists replace. A map entry that is \`null\` is no entry, so it takes a default away. A group
  that is empty or \`null\` keeps its defaults.
- A key that is not listed here stops the start, with the key that was probably meant; so does a value that an option
  cannot take. The exit code is then 78 (2 for \`bridge explain\`), and every fault is named at once.
- In values, not in keys, \`\${env:NAME}\` stands for an environment variable, \`\${env:NAME:-default}\` gives one that may be
  unset or empty, \`\${file:PATH}\` stands for the text of a file without its last line end. A relative path is meant from
  the folder of the configuration file, in \`--set\` from the working folder. \`$\${\` stands for \`\${\`. Values are replaced
  after the YAML is read, so they cannot add keys.
- Options marked *secret*, and every value that came out of \`\${file:...}\`, are never printed or logged.

| Command | Does |
| --- | --- |
| \`bridge config check --config bridge.yaml\` | names everything that is wrong, with the line |
| \`bridge config print --config bridge.yaml --origin\` | prints the configuration in force and where each value came from |
| \`bridge config schema\` | prints the JSON Schema, for editors |

Units are part of the names: \`Ms\` milliseconds, \`Seconds\` and \`Hours\`, \`Bytes\`.
`

/** docs/configuration.md. */
export function configurationPage(): string {
  const parts = [intro]
  for (const [name, member] of optionTree.members) {
    parts.push(`## ${name}\n\n${member.says}\n`)
    const rows = member.kind === 'group' ? rowsOf(member, [name]) : listRows(member, [name])
    parts.push(['| Option | Default | Allowed | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n'))
  }
  return parts.join('\n')
}

function rowsOf(group: OptionNode, path: OptionPath): string[] {
  return [...group.members].flatMap(([name, member]) =>
    member.kind === 'group' ? rowsOf(member, [...path, name]) : [row([...path, name], member)],
  )
}

/** A list of objects: the list itself, then what each item holds. */
function listRows(list: OptionNode, path: OptionPath): string[] {
  const items = [...(list.entry?.members ?? [])].map(([name, member]) => row([...path, 0, name], member))
  return [row(path, list), ...items]
}

function row(path: OptionPath, node: OptionNode): string {
  const name = pathText(path).replaceAll('[0]', '[]')
  const byDefault = node.byDefault === undefined ? '(needed)' : `\`${JSON.stringify(node.byDefault)}\``
  const says = node.isSecret ? `${node.says} *Secret.*` : node.says
  return `| ${[`\`${name}\``, byDefault, node.allowed, says].map(cell).join(' | ')} |`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
