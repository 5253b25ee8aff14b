import { configurationPage } from '../src/config/docs-page.ts'
import { writeOrCheck } from './generated-page.ts'

writeOrCheck(
  new URL('../docs/configuration.md', import.meta.url),
  configurationPage(),
  'npx tsx scripts/config-page.ts',
)
