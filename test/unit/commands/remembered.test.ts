import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** Guards commands/known-commands.ts `rest`: seen to fail when it does nothing, the heap is full. */
it('a heap of 60 MB remembers 100,000 commands', () => {
  const node = ['--max-old-space-size=60', '--expose-gc', '--import', 'tsx', 'bench/remembered.ts', '100000']
  const { status, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
})
