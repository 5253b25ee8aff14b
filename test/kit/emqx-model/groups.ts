import type { ModelLink } from './model-link.ts'
import type { ModelSession } from './model-session.ts'

/**
 * EMQX: members of a group are those whose group and filter are the same text, connected or not. The default strategy
 * is round robin, counted for each publisher. (EMQX begins at a random member; the model at the first.)
 */
export function pick(
  shared: string,
  members: readonly ModelSession[],
  publisher: ModelLink | null,
  counter: Map<string, number>,
): ModelSession | null {
  if (members.length === 0) return null
  const turns = publisher?.turns ?? counter
  const turn = turns.get(shared) ?? 0
  turns.set(shared, turn + 1)
  return members[turn % members.length] ?? null
}
