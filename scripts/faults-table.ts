import { existsSync, readFileSync } from 'node:fs'
import type { FaultResults } from '../faults/results.ts'
import { faultTable } from '../faults/table.ts'
import { writeOrCheck } from './generated-page.ts'

/** Puts the table of the last `make faults` into docs/delivery.md, between its two marks. */
const begin = '<!-- Made by scripts/faults-table.ts from faults/results/faults.json. Do not edit. -->'
const end = '<!-- End of the table. -->'
const url = new URL('../docs/delivery.md', import.meta.url)
const page = readFileSync(url, 'utf8')
const file = new URL('../faults/results/faults.json', import.meta.url)
const table = existsSync(file)
  ? faultTable(JSON.parse(readFileSync(file, 'utf8')) as FaultResults)
  : 'No results are kept yet: `make faults` puts them here.\n'
const [from, to] = [page.indexOf(begin), page.indexOf(end)]
if (from < 0 || to < from) throw new Error(`docs/delivery.md has lost its marks:\n${begin}\n${end}`)

writeOrCheck(url, `${page.slice(0, from)}${begin}\n\n${table}\n${page.slice(to)}`, 'npx tsx scripts/faults-table.ts')
