/**
 * Class of an operation: safe, personal, privileged, destructive (needs `confirm`), biometric (sensitive), or door
 * (privileged, with a short expiry).
 */
export type OperationClass = 'S' | 'P' | 'V' | 'D' | 'B' | 'door'

/** The operations we know (attendance 11.7). A device may know others. */
const operations: ReadonlyMap<string, OperationClass> = new Map<string, OperationClass>([
  ['sync_user', 'P'],
  ['delete_user', 'V'],
  ['block_user', 'V'],
  ['unblock_user', 'V'],
  ['delete_all_users', 'D'],
  ['get_user', 'P'],
  ['list_users', 'P'],
  ['enroll', 'V'],
  ['cancel_enroll', 'S'],
  ['set_template', 'B'],
  ['set_photo', 'B'],
  ['delete_template', 'V'],
  ['get_logs', 'S'],
  ['clear_logs', 'D'],
  ['set_time', 'V'],
  ['get_time', 'S'],
  ['get_info', 'S'],
  ['get_status', 'S'],
  ['ping', 'S'],
  ['reboot', 'V'],
  ['set_config', 'V'],
  ['get_config', 'S'],
  ['open_door', 'door'],
  ['lock_door', 'door'],
  ['hold_door', 'door'],
  ['clear_alarm', 'V'],
  ['show_message', 'P'],
  ['upgrade', 'D'],
  ['factory_reset', 'D'],
])

/** Class of an operation; null when it is not in the catalogue. */
export function classOf(op: string): OperationClass | null {
  return operations.get(op) ?? null
}
