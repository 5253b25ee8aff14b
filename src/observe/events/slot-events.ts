import { count, define, one, text, texts } from './define-event.ts'

const slot = count('Ordinal of the slot.')
const kept = texts('Client ids of the sessions that the broker keeps, with what may wait in them.')

/** How the sessions of a slot at the MQTT broker end. What that means: docs/delivery.md. */
export const slotEvents = {
  downscale_prepared: define({
    level: 'info',
    says: 'this worker goes for good at the next stop: its sessions will be read empty and given up',
    fields: { sessions: texts('Client ids.') },
    moves: () => [],
  }),
  downscale_cancelled: define({
    level: 'info',
    says: 'this worker stays: its sessions are kept at the next stop',
    fields: {},
    moves: () => [],
  }),
  slot_given_up: define({
    level: 'info',
    says: 'the sessions of this slot were read empty and are over',
    fields: { slot, sessions: count('How many.'), durationMs: count('How long it took.') },
    moves: (m) => [m.add('bridge_mqtt_slots_total', one, () => ({ result: 'given_up' }))],
  }),
  slot_kept: define({
    level: 'warn',
    says: 'sessions could not be read empty in time: start a worker with this slot again, or let another adopt it',
    fields: { slot, sessions: kept },
    moves: (m) => [m.add('bridge_mqtt_slots_total', one, () => ({ result: 'kept' }))],
  }),
  session_adopting: define({
    level: 'info',
    says: 'nobody runs the worker of this session: what waits in it is taken here, then it is given up',
    fields: { connection: text('Client id.') },
    moves: () => [],
  }),
  slot_adopted: define({
    level: 'info',
    says: 'the sessions of a slot that nobody runs are empty and over',
    fields: { slot, sessions: count('Sessions that were there.'), durationMs: count('How long it took.') },
    moves: (m) => [m.add('bridge_mqtt_slots_total', one, () => ({ result: 'adopted' }))],
    clears: { event: 'slot_adoption_failed', subject: (v) => String(v.slot) },
  }),
  slot_adoption_failed: define({
    level: 'warn',
    says: 'the sessions of a slot that nobody runs could not be emptied; trying again',
    fields: { slot, sessions: kept },
    moves: (m) => [m.add('bridge_mqtt_slots_total', one, () => ({ result: 'kept' }))],
    repeats: { subject: (v) => String(v.slot), state: (v) => v.sessions.join(' ') },
  }),
  slot_returned: define({
    level: 'info',
    says: 'the worker of this slot, or another adopter, took its sessions: leaving them alone',
    fields: { slot },
    moves: (m) => [m.add('bridge_mqtt_slots_total', one, () => ({ result: 'returned' }))],
    clears: { event: 'slot_adoption_failed', subject: (v) => String(v.slot) },
  }),
  slots_looked_at: define({
    level: null,
    says: 'the workers of all slots were asked whether they are there',
    fields: {
      orphans: count('Slots that nobody runs, that this worker is to adopt, and whose sessions are not over yet.'),
    },
    moves: (m) => [m.set('bridge_mqtt_orphan_slots', (v) => v.orphans)],
  }),
  slots_unclear: define({
    level: 'warn',
    says: 'this worker does not answer under its own address either, so nobody else is taken for gone; see mqtt.orphans.peerUrl',
    fields: { address: text('Address that was asked.') },
    moves: () => [],
    repeats: { subject: () => '', state: () => '' },
  }),
} as const
