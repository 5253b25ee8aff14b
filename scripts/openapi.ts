import { openApi } from '../src/http/openapi.ts'
import { writeOrCheck } from './generated-page.ts'

const text = `${JSON.stringify(openApi, null, 2)}\n`
writeOrCheck(new URL('../docs/openapi.json', import.meta.url), text, 'npx tsx scripts/openapi.ts')
