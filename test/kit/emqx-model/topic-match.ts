/** Does an ordinary filter match? MQTT 5, 4.7.2: a wildcard at the root matches no topic that begins with `$`. */
export function matches(filter: string, topic: string): boolean {
  const [wanted, found] = [filter.split('/'), topic.split('/')]
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) return false
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true
    if (i >= found.length || (level !== '+' && level !== found[i])) return false
  }
  return wanted.length === found.length
}

/** `$share/group/filter` taken apart; no group for an ordinary subscription. */
export function takeApart(subscription: string): { readonly group: string | null; readonly filter: string } {
  const [, group, filter] = /^\$share\/([^/]+)\/(.+)$/.exec(subscription) ?? []
  return group === undefined || filter === undefined ? { group: null, filter: subscription } : { group, filter }
}
