/** Runs a step and says so: at once, with the seconds while it lasts, and when it is done. */
export async function step<T>(
  name: string,
  work: () => Promise<T>,
  outcome: (result: T) => string = () => '',
): Promise<T> {
  const began = performance.now()
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`
  const isTerminal = process.stdout.isTTY
  const say = (mark: string, text: string): void => {
    // A line that wraps could not be written over; the last one need not be.
    const shown = mark === '…' ? text.slice(0, process.stdout.columns - 5) : text
    if (isTerminal) process.stdout.write(`\r\u001b[K  ${mark} ${shown}`)
    else process.stdout.write(`  ${mark} ${text}\n`)
  }
  const progress = setInterval(() => say('…', `${name}  ${seconds()}`), isTerminal ? 200 : 5000)
  say('…', name)
  try {
    const result = await work()
    clearInterval(progress)
    const said = outcome(result)
    say('✓', `${name}${said === '' ? '' : `: ${said}`}  ${seconds()}`)
    return result
  } catch (error) {
    clearInterval(progress)
    say('✗', `${name}  ${seconds()}`)
    throw error
  } finally {
    if (isTerminal) process.stdout.write('\n')
  }
}
