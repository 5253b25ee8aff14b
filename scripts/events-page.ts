import { eventsPage } from '../src/observe/docs-page.ts'
import { writeOrCheck } from './generated-page.ts'

writeOrCheck(new URL('../docs/events.md', import.meta.url), eventsPage(), 'npx tsx scripts/events-page.ts')
