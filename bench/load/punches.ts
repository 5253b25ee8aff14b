/** Devices that punches come from. */
export const deviceCount = 1000
/** Bytes of the payload of every punch. */
export const punchBytes = 200

const zones = ['Europe/London', 'Asia/Kolkata', 'America/New_York', 'Asia/Dubai']

export function serialOf(device: number): string {
  return `SN7A${String(device).padStart(7, '0')}`
}

/** A zone per device, as a registry of devices would have it: the punches carry local times. */
export function zoneOf(device: number): string {
  return zones[device % zones.length] ?? 'Etc/UTC'
}

export function topicOf(device: number, leaf: 'evt' | 'st'): string {
  return `api/mqtt/v1/${serialOf(device)}/${leaf}`
}

/**
 * Punch number `n` of a device, exactly `punchBytes` long. `recordId` comes back in the record as `deviceRecordId`:
 * the rate runs put the time of publishing there.
 */
export function punchOf(device: number, n: number, recordId: string): string {
  const second = n % 86_400
  const clock = [second / 3600, (second / 60) % 60, second % 60].map((part) =>
    String(Math.floor(part)).padStart(2, '0'),
  )
  const text = JSON.stringify({
    sn: serialOf(device),
    user_id: String(100_000 + (n % 5000)),
    att_time: `2026-01-15 ${clock.join(':')}`,
    att_state: n % 4,
    input_type: 1,
    work_code: '0',
    record_id: recordId,
    firmware: '',
  })
  return `${text.slice(0, -2)}${'v'.repeat(punchBytes - text.length)}"}`
}
