import type { Draft } from '../draft.ts'
import type { ThingContext } from '../thing.ts'
import { ended, writeCommand } from './execution.ts'

const NO_MATCHING_SUBSCRIBERS = 0x10
const REFUSED = 0x80

/** Takes the broker's answer to a command request; it matters only while the execution is `SENT` (fleets 6.1). */
export function takePublishResult(
  context: ThingContext,
  draft: Draft,
  executionId: string | null,
  reasonCode: number,
): void {
  const execution = executionId === null ? undefined : context.thing.commands.get(executionId)
  if (execution?.status !== 'SENT') return draft.ignore('execution_not_open')
  if (reasonCode === NO_MATCHING_SUBSCRIBERS) {
    writeCommand(draft, ended(execution, 'FAILED', 'NO_SUBSCRIBER', context.now))
  } else if (reasonCode >= REFUSED) {
    writeCommand(draft, ended(execution, 'FAILED', 'PUBLISH_REFUSED', context.now))
  } else {
    draft.ignore('publication_done')
  }
}
