import { count, define, one, text, texts } from './define-event.ts'

const server = text('mqtt, kafka, registry, emqx, or http for what is shown to clients.')

export const credentialEvents = {
  credentials_reloaded: define({
    level: 'info',
    says: 'files of certificates, keys or passwords have changed: the new ones are in use, nothing was restarted',
    fields: {
      server,
      files: texts('Those that have changed.'),
      durationMs: count('From trying them to the last connection that uses them.'),
    },
    moves: (m) => [
      m.add('bridge_credentials_reloads_total', one, (v) => ({ server: v.server })),
      m.set(
        'bridge_credentials_not_taken',
        () => 0,
        (v) => ({ server: v.server }),
      ),
    ],
    clears: { event: 'credentials_not_taken', subject: (v) => v.server },
  }),
  credentials_not_taken: define({
    level: 'error',
    says: 'files of certificates, keys or passwords have changed and cannot be used: the old ones stay in use; correct what is named, the bridge keeps looking',
    fields: {
      server,
      files: texts('Those that have changed, or the one that is wrong.'),
      error: text('What is wrong.'),
    },
    moves: (m) => [m.set('bridge_credentials_not_taken', one, (v) => ({ server: v.server }))],
    repeats: { subject: (v) => v.server, state: (v) => v.error },
  }),
  credentials_as_before: define({
    level: 'info',
    says: 'files of certificates, keys or passwords hold again what is in use',
    fields: { server },
    moves: (m) => [
      m.set(
        'bridge_credentials_not_taken',
        () => 0,
        (v) => ({ server: v.server }),
      ),
    ],
    clears: { event: 'credentials_not_taken', subject: (v) => v.server },
  }),
} as const
