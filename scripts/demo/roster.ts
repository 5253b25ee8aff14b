/** What the demo knows of one simulated device. */
export interface DeviceProfile {
  readonly deviceSn: string
  /** IANA zone of its clock. Null: it sends UTC and nobody told the bridge. */
  readonly timeZone: string | null
  /** How the bridge learns the zone: its settings, or a record on the device topic in Avro or as JSON text. */
  readonly zoneFrom: 'settings' | 'topicAvro' | 'topicJson' | 'nowhere'
  readonly number: number
}

const places: readonly (readonly [string, string | null])[] = [
  ['DEL', 'Asia/Kolkata'],
  ['KTM', 'Asia/Kathmandu'],
  ['BER', 'Europe/Berlin'],
  ['NYC', 'America/New_York'],
  ['SAO', 'America/Sao_Paulo'],
  ['LOS', 'Africa/Lagos'],
  ['DXB', 'Asia/Dubai'],
  ['LHI', 'Australia/Lord_Howe'],
  ['UTC', null],
]

const sources = ['settings', 'topicAvro', 'topicJson'] as const

/** The device that goes and comes back in a known rhythm, so that somebody can watch a command wait for it. */
export const napper = 'NAP-0001'

/** The fleet: the same devices each time, spread over the places; the last one is the napper. */
export function makeRoster(count: number): readonly DeviceProfile[] {
  const fleet = Array.from({ length: count }, (_, number): DeviceProfile => {
    const [code, timeZone] = places[number % places.length] ?? ['UTC', null]
    const round = Math.floor(number / places.length)
    const zoneFrom = timeZone === null ? 'nowhere' : (sources[round % sources.length] ?? 'settings')
    return { deviceSn: `${code}-${String(round + 1).padStart(4, '0')}`, timeZone, zoneFrom, number }
  })
  return [...fleet, { deviceSn: napper, timeZone: null, zoneFrom: 'nowhere', number: count }]
}
