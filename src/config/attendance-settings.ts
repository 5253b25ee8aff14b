import { z } from 'zod'
import { isKnownZone } from '../device/zone-clock.ts'
import type { AttendanceState, VerifyMethod } from '../records/generated/attendance-event.ts'
import { group, mapOption, option, overlayMap } from './option.ts'
import {
  byteLimit,
  flag,
  instant,
  mqttTopic,
  noZone,
  pseudonymKey,
  replyLeaf,
  seconds,
  serial,
  text,
  textList,
  whole,
  zoneName,
  zoneText,
} from './value-rules.ts'

/** Symbols of the Avro enum AttendanceState. */
export const attendanceStates = [
  'UNKNOWN',
  'CHECK_IN',
  'CHECK_OUT',
  'BREAK_OUT',
  'BREAK_IN',
  'OVERTIME_IN',
  'OVERTIME_OUT',
  'MEAL_OUT',
  'MEAL_IN',
] as const satisfies readonly AttendanceState[]

/** Symbols of the Avro enum VerifyMethod. */
export const verifyMethods = [
  'UNKNOWN',
  'FINGERPRINT',
  'FACE',
  'PALM',
  'IRIS',
  'VEIN',
  'CARD',
  'PASSWORD',
  'QR_CODE',
  'MOBILE',
  'MULTI_FACTOR',
  'OTHER',
] as const satisfies readonly VerifyMethod[]

const state = z.enum(attendanceStates)
const method = z.enum(verifyMethods)

const device = z.strictObject({
  deviceSn: serial.meta({ description: 'Serial number of the device, as in its MQTT topic.' }),
  timeZone: option(zoneText.nullable(), null, 'IANA zone of the device clock.'),
  tenantId: option(text.nullable(), null, 'Owner of the device.'),
  model: option(text.nullable(), null, 'Model of the device; selects a map of attendance.modelStateMaps.'),
  stateMap: option(overlayMap(state, {}).nullable(), null, 'Raw state to AttendanceState, for this device only.'),
})

export const devices = option(
  z.array(device).superRefine(
    (list: readonly unknown[], context) => {
      // Once for each zone, not for each device: a fleet has many thousand devices and few zones.
      const known = new Map<string, boolean>()
      for (const [index, item] of list.entries()) {
        const zone: unknown = typeof item === 'object' && item !== null && 'timeZone' in item ? item.timeZone : null
        if (typeof zone !== 'string') continue
        if (!known.has(zone)) known.set(zone, isKnownZone(zone))
        if (known.get(zone) === false) context.addIssue({ code: 'custom', path: [index, 'timeZone'], message: noZone })
      }
    },
    // Also when an entry has another fault, so that all faults are named together.
    { when: ({ value }) => Array.isArray(value) },
  ),
  [],
  'What is known of single devices; a record on the device topic replaces the entry of its serial. Of two entries with one serial the last counts.',
)

export const attendance = group('How punches are read.', {
  defaultZone: option(zoneName, 'UTC', 'Zone of local times of devices whose own zone is not known.'),
  stateMap: mapOption(
    state,
    {
      0: 'CHECK_IN',
      1: 'CHECK_OUT',
      2: 'BREAK_OUT',
      3: 'BREAK_IN',
      4: 'OVERTIME_IN',
      5: 'OVERTIME_OUT',
    },
    'Raw state to AttendanceState, for all devices.',
  ),
  modelStateMaps: mapOption(overlayMap(state, {}), {}, 'Device model to its own map of raw state to AttendanceState.'),
  verifyMap: mapOption(method, {}, 'Raw input type to VerifyMethod.'),
  attributes: option(textList, [], 'Names of extra members of a punch that are kept as attributes.'),
  optIn: group('Health and position data, kept only on request.', {
    temperature: option(flag, false, 'Keep the body temperature.'),
    location: option(flag, false, 'Keep the position of a punch.'),
  }),
  clock: group('Which device times are believed.', {
    earliest: option(instant, '2015-01-01T00:00:00.000Z', 'Punches before this instant are refused.'),
    maxAheadSeconds: option(seconds, 86_400, 'Punches further ahead of the bridge clock are refused.'),
    aheadSeconds: option(seconds, 120, 'Punches further ahead of the bridge clock are flagged CLOCK_AHEAD.'),
    lateSeconds: option(seconds, 900, 'Punches older than this are flagged LATE.'),
  }),
  limits: group('What is too much.', {
    payloadBytes: option(byteLimit, 262_144, 'Larger messages of devices are refused.'),
    depth: option(whole(1, 1000), 16, 'JSON nested deeper is refused.'),
    batchItems: option(whole(1), 1000, 'Longer batches of punches are refused.'),
  }),
  pseudonym: group('Pseudonyms in place of user ids.', {
    key: option(pseudonymKey.nullable(), null, 'Key of the pseudonyms, random; null keeps user ids as they come.').meta(
      { writeOnly: true },
    ),
    keyVersion: option(whole(0, 2_147_483_647), 1, 'Version of that key, written into every record.'),
  }),
})

export const presence = group('How reports of being online are read.', {
  attributes: option(textList, [], 'Names of extra members of a report that are kept as attributes.'),
  brokerEventTopic: option(
    mqttTopic.nullable(),
    null,
    'MQTT topic to which a broker rule publishes connects and disconnects; null turns it off.',
  ),
  snapshot: option(flag, false, 'Read the retained reports of all devices at start.'),
})

export const deadLetter = group('What a dead letter may keep.', {
  keepPayload: option(flag, true, 'Keep the redacted payload.'),
  truncateBytes: option(whole(0, 268_435_455), 4096, 'How much of a payload over the size limit is kept.'),
  redact: option(textList, [], 'Names of further members to cut out.'),
})

export const commands = group('Commands to time-attendance devices.', {
  maxInFlight: option(
    whole(1, 65_535),
    1000,
    'Most commands that the MQTT broker has not answered yet; its own limit may be lower.',
  ),
  maxPendingPerPartition: option(
    whole(1, 1_000_000),
    1000,
    'Requests of one partition in work before no more are read.',
  ),
  pubackTimeoutMs: option(
    whole(100, 600_000),
    10_000,
    'A publication that is not answered this long ends the connection, in milliseconds; it is published again on the next one.',
  ),
  strictOps: option(flag, false, 'Refuse operations that are not in the catalogue.'),
  replyLeaves: option(z.array(replyLeaf), [], 'Further last topic levels on which devices answer, such as rsp.'),
  doorExpirySeconds: option(seconds, 30, 'A door operation is never published later than this.'),
  dedupSeconds: option(seconds, 3600, 'A command id sent again within this time is a repeat.'),
  rememberSeconds: option(seconds, 86_400, 'Replies count this long after the last status.'),
  limits: group('What is too much.', {
    payloadBytes: option(byteLimit, 262_144, 'Larger commands are refused.'),
    waitSeconds: option(seconds, 604_800, 'The longest wait for a device to come online.'),
    waitingPerDevice: option(whole(0), 100, 'Commands that may wait for one device.'),
    resultBytes: option(whole(0, 268_435_455), 65_536, 'Larger results in a reply are left out.'),
  }),
})
