/**
 * Loaded into a worker under test with `node --import`: on SIGUSR2 it reads its orders from a file beside the
 * configuration and hurts the process from inside, which no signal can do. Says on standard error when it is done.
 *
 *   {"clockMs": 3600000}   the wall clock jumps by so much and goes on from there
 *   {"blockMs": 20000}     the event loop stands still for so long
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const RealDate = Date
let ahead = 0

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + ahead)
    else super(...args)
  }

  static now() {
    return RealDate.now() + ahead
  }
}

process.on('SIGUSR2', () => {
  const config = process.argv[process.argv.indexOf('--config') + 1] ?? ''
  const orders = JSON.parse(readFileSync(join(dirname(config), 'orders.json'), 'utf8'))
  if (orders.clockMs !== undefined) ahead += orders.clockMs
  if (orders.blockMs !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, orders.blockMs)
  process.stderr.write(`${JSON.stringify({ event: 'suffered', ...orders })}\n`)
})
