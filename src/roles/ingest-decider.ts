import type { DeviceRegistry } from '../device/device-registry.ts'
import type { Decider } from '../flow/pump.ts'
import type { Failure } from '../kernel/failure.ts'
import type { BridgeRecord } from '../records/bridge-record.ts'
import type { DeadLetter } from '../records/generated/dead-letter.ts'
import { decideIngest, type IngestRules } from '../routes/ingest.ts'
import { refuseOutcome } from '../routes/refuse-outcome.ts'

/** The pure core of ingest behind the pump's port. */
export function ingestDecider(rules: IngestRules, devices: DeviceRegistry, randomUuid: () => string): Decider {
  return {
    decide: (message) => decideIngest(message, rules, devices, randomUuid),
    deadLetterOf: (message, item, record, failure) => {
      if (record.channel === 'deadLetter') return smaller(record)
      const outcome = refuseOutcome(message, item, { code: codeOf(failure), detail: failure.message }, rules)
      return outcome.kind === 'ignored' ? null : outcome.record
    },
  }
}

function codeOf({ code }: Failure): 'ENCODE_FAILED' | 'PRODUCE_REJECTED' {
  return code === 'ENCODE_FAILED' ? code : 'PRODUCE_REJECTED'
}

/** A dead letter that Kafka refused, without its payload; null when it had none. */
function smaller(record: BridgeRecord): BridgeRecord | null {
  const value = record.value as DeadLetter
  return value.payload === null ? null : { ...record, value: { ...value, payload: null, payloadRedacted: true } }
}
