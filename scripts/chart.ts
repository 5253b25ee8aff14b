import { dashboard } from './chart/dashboard.ts'
import { topicsFile } from './chart/topics.ts'
import { valuesSchema } from './chart/values-schema.ts'
import { writeOrCheck } from './generated-page.ts'

/** The generated files of the chart; `--check` says whether they are as they should be. */
const files: Readonly<Record<string, string>> = {
  'values.schema.json': `${JSON.stringify(valuesSchema(), null, 1)}\n`,
  'files/topics.yaml': topicsFile(),
  'files/dashboards/bridge.json': dashboard(),
}

for (const [path, content] of Object.entries(files)) {
  writeOrCheck(new URL(`../helm/${path}`, import.meta.url), content, 'npx tsx scripts/chart.ts')
}
