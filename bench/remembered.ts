import { PartitionDriver, published, statuses } from '../test/unit/commands/partition-driver.ts'

/**
 * What a command worker takes to remember a command that was published: `node --expose-gc --import tsx
 * bench/remembered.ts [commands]`, 100,000 of them by default. Prints it as docs/sizing.md has it, rounded up.
 */
const commands = Number(process.argv[2] ?? 100_000)
const driver = new PartitionDriver()
const before = heapBytes()
for (let n = 0; n < commands; n += 1) {
  driver.now += 1
  const effects = driver.ask({ commandId: `order-${n}`, deviceSn: serialOf(n) })
  driver.partition.puback(published(effects).ticket, 0, driver.now)
}
const each = (heapBytes() - before) / commands
const { known } = driver.partition.counts()
const [repeat] = statuses(driver.ask({ commandId: `order-${commands - 1}`, deviceSn: serialOf(commands - 1) }))
if (known !== commands || repeat?.status !== 'PUBLISHED') throw new Error(`${known} known, ${repeat?.status}`)
console.log(`${(Math.ceil((10 * each) / 1024) / 10).toFixed(1)} KiB a command`)

function serialOf(n: number): string {
  return `SN7A${2_300_000 + (n % 1000)}`
}

function heapBytes(): number {
  if (gc === undefined) throw new Error('wants node --expose-gc: what is garbage must not count')
  gc()
  return process.memoryUsage().heapUsed
}
