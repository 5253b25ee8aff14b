import { strangerId } from './command-answer.ts'
import { napper } from './roster.ts'

/** A command as the operator of the demo writes it: the JSON form of `cams.command.v1`. */
export interface Order {
  readonly commandId: string
  readonly deviceSn: string
  readonly op: string
  readonly data?: object
  readonly ifOffline?: 'WAIT'
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

type Wish = Omit<Order, 'commandId' | 'expiresAt'> & { readonly forMs: number }

const forMs = 30_000

/** Commands in the mix of a working day, and one of each kind that comes to another end. */
const kinds: readonly ((deviceSn: string) => Wish)[] = [
  (deviceSn) => ({ deviceSn, op: 'get_info', forMs }),
  (deviceSn) => ({ deviceSn, op: 'sync_user', data: { user_id: '1001', name: 'A B', privilege: 'user' }, forMs }),
  // FAILED: the device says no.
  (deviceSn) => ({ deviceSn, op: 'get_user', data: { user_id: strangerId }, forMs }),
  (deviceSn) => ({ deviceSn, op: 'get_time', forMs }),
  // WAITING until the napper is back, when it sleeps.
  () => ({ deviceSn: napper, op: 'show_message', data: { text: 'See HR' }, ifOffline: 'WAIT', forMs: 120_000 }),
  // DELIVERED first.
  (deviceSn) => ({ deviceSn, op: 'get_logs', data: { limit: 100 }, forMs }),
  // NO_SUBSCRIBER: there is no such device.
  () => ({ deviceSn: 'GONE-0001', op: 'ping', forMs }),
  (deviceSn) => ({ deviceSn, op: 'set_config', data: { heartbeat_s: 30 }, forMs }),
  (deviceSn) => ({ deviceSn, op: 'open_door', data: { door: 1, seconds: 5 }, forMs }),
  // EXPIRED: it waits for a device that never comes.
  () => ({ deviceSn: 'GONE-0002', op: 'get_status', ifOffline: 'WAIT', forMs: 3000 }),
  (deviceSn) => ({ deviceSn, op: 'block_user', data: { user_id: '1001' }, forMs }),
  // REJECTED: it destroys something, and does not say the serial once more.
  (deviceSn) => ({ deviceSn, op: 'factory_reset', data: {}, forMs }),
  (deviceSn) => ({ deviceSn, op: 'ping', forMs }),
]

/** The `number`th command: all kinds in turn. `runId` keeps the ids of two runs apart. */
export function orderNumber(number: number, runId: string, deviceSn: string, now: number): Order {
  const kind = kinds[number % kinds.length] ?? kinds[0]!
  const { forMs: lasts, ...wish } = kind(deviceSn)
  return { commandId: `${runId}-${number}`, ...wish, expiresAt: now + lasts }
}
