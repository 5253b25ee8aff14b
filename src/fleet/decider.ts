import type { ApiKeyRecord } from '../records/generated/api-key-record.ts'
import type { InboxRecord } from '../records/generated/inbox-record.ts'
import type { JobInboxRecord } from '../records/generated/job-inbox-record.ts'
import type { ThingRecord } from '../records/generated/thing-record.ts'
import { cancelCommand } from './commands/cancel.ts'
import { takeCommandTimer } from './commands/command-timer.ts'
import { takePublishResult } from './commands/publish-result.ts'
import { sendCommand } from './commands/send.ts'
import { type DeviceMessage, decideDeviceMessage, giveUp } from './decide-device-message.ts'
import { type Decision, Draft } from './draft.ts'
import type { JobContext } from './job.ts'
import { createJob } from './job-side/create-job.ts'
import { cancelJob, cancelJobExecution, deleteJob } from './job-side/end-job.ts'
import { continueFanOut } from './job-side/fan-out.ts'
import { takeJobInbox } from './job-side/job-inbox.ts'
import { type JobTaskInput, refuseJobTask, takeJobTask } from './jobs/job-tasks.ts'
import { takeJobTimer } from './jobs/job-timer.ts'
import { parsePresenceTopic, takePresence } from './presence.ts'
import { apiKeyFault, type FleetRegistry, thingRecordFault } from './registry.ts'
import { rejected } from './requests/answer.ts'
import { type Operation, type RequestInput, takeRequest } from './requests/take-request.ts'
import type { FleetSettings } from './settings.ts'
import { setDesired } from './shadow/set-desired.ts'
import type { FleetState } from './state.ts'
import type { ThingContext } from './thing.ts'
import { parseDeviceTopic } from './topics.ts'
import { unregister } from './unregister.ts'

/** A record of a registry topic as consumed; `value` is its bytes, for a dead letter. */
export type RegistryInput = Omit<RequestInput, 'request'>

/**
 * What the owner of a partition decides: (state, input, now) to records. Nothing is changed here; the caller writes the
 * records in one transaction with the input's offset and applies them to the state, then takes the next input.
 */
export class FleetDecider {
  readonly #settings: FleetSettings
  readonly #registry: FleetRegistry
  readonly #state: FleetState

  constructor(settings: FleetSettings, registry: FleetRegistry, state: FleetState) {
    this.#settings = settings
    this.#registry = registry
    this.#state = state
  }

  /** An input of a thing, from `fleet.thing.inbox`. Null when it is none that the bridge can have written. */
  thingInput(record: InboxRecord, now: number): Decision | null {
    const context = this.#thing(record.thingName, now)
    const draft = new Draft(now)
    switch (record.kind) {
      case 'DEVICE_MESSAGE': {
        const message = this.#deviceMessage(record)
        // A filter that was switched off since the message came in.
        if (message === 'unmatched') draft.ignore('unmatched_topic')
        else return message === null ? null : decideDeviceMessage(context, message)
        return draft
      }
      case 'PRESENCE': {
        const { payload, receivedAt, topic } = record
        const parsed = topic === null ? null : parsePresenceTopic(topic)
        if (topic === null || payload === null || parsed === null) return null
        const mine = this.#registry.clientIdOf(record.thingName) === parsed.clientId
        takePresence(context, draft, { ...parsed, topic, payload, receivedAt }, mine)
        return draft
      }
      case 'JOB_TASK': {
        const task = jobTaskOf(record)
        if (task === null) return null
        takeJobTask(context, draft, task)
        return draft
      }
      case 'TIMER': {
        const { deadline, executionId, jobId, jobRequestId } = record
        if (deadline === null) return null
        if (executionId !== null) takeCommandTimer(context, draft, executionId, deadline)
        else if (jobId !== null) takeJobTimer(context, draft, { jobId, jobRequestId, deadline })
        else return null
        return draft
      }
      case 'PUBLISH_RESULT':
        if (record.reasonCode === null) return null
        takePublishResult(context, draft, record.executionId, record.reasonCode)
        return draft
    }
  }

  /**
   * An input of which Kafka refuses for good what it leads to: a device that asked is told, else it becomes a dead
   * letter, and a job does not wait for it. `key`, `topic`, `value`: its record.
   */
  refusedThingInput(input: RegistryInput, record: InboxRecord | null, now: number, why: string): Decision {
    const message = record?.kind === 'DEVICE_MESSAGE' ? this.#deviceMessage(record) : null
    if (record !== null && message !== null && message !== 'unmatched') {
      return giveUp(this.#thing(record.thingName, now), message, 'PayloadTooLarge', why)
    }
    const draft = new Draft(now)
    draft.deadLetter(input.key, input.topic, 'PayloadTooLarge', why, input.value)
    const task = record?.kind === 'JOB_TASK' ? jobTaskOf(record) : null
    if (record !== null && task !== null) refuseJobTask(this.#thing(record.thingName, now), draft, task)
    return draft
  }

  /** A request of an operator of which Kafka refuses for good what it leads to: it is rejected, and changes nothing. */
  refusedRequest(input: RequestInput, now: number, why: string): Decision {
    const draft = new Draft(now)
    const { key, request } = input
    const operations = new Map<string, Operation>([[request?.op ?? '', () => rejected('PAYLOAD_TOO_LARGE', why)]])
    takeRequest(draft, input, { operations, subjectOf: () => key, openRequests: [] }, this.#state.results)
    return draft
  }

  /** A record of `fleet.shadow.requests`. */
  shadowRequest(input: RequestInput, now: number): Decision {
    return this.#thingRequest(input, now, (context, draft) => [
      ['SET_DESIRED', (request, requestId) => setDesired(context, draft, request, requestId)],
    ])
  }

  /** A record of `fleet.command.requests`. */
  commandRequest(input: RequestInput, now: number): Decision {
    return this.#thingRequest(input, now, (context, draft) => [
      ['SEND_COMMAND', (request, requestId) => sendCommand(context, draft, request, requestId)],
      ['CANCEL_COMMAND', (request) => cancelCommand(context, draft, request)],
    ])
  }

  /** A record of `fleet.job.requests`. Go on with {@link continueFanOut} until it gives null. */
  jobRequest(input: RequestInput, now: number): Decision {
    const context = this.#job(input.key ?? '', now)
    const draft = new Draft(now)
    const operations = new Map<string, Operation>([
      ['CREATE_JOB', (request, requestId) => createJob(context, draft, request, requestId)],
      ['CANCEL_JOB', (request) => cancelJob(context, draft, request)],
      ['CANCEL_JOB_EXECUTION', (request, requestId) => cancelJobExecution(context, draft, request, requestId)],
      ['DELETE_JOB', (request) => deleteJob(context, draft, request)],
    ])
    const topic = {
      operations,
      subjectOf: ({ jobId, op }: { jobId: string | null; op: string }, requestId: string) =>
        jobId ?? (op === 'CREATE_JOB' ? requestId : null),
      openRequests: context.job.progress?.openRequests ?? [],
    }
    takeRequest(draft, input, topic, this.#state.results)
    return draft
  }

  /** The next batch of a job's fan-out, in a transaction of its own; null when none is under way. */
  continueFanOut(jobId: string, now: number): Decision | null {
    const draft = new Draft(now)
    const { progress, state } = this.#state.job(jobId)
    return continueFanOut(draft, state, progress) ? draft : null
  }

  /** A record of `fleet.job.inbox`. */
  jobInput(record: JobInboxRecord, now: number): Decision {
    const draft = new Draft(now)
    takeJobInbox(this.#job(record.jobId, now), draft, record)
    return draft
  }

  /**
   * A record of `fleet.registry.things` whose key this partition owns, after the registry took it. `record` is null
   * for a tombstone; undefined when it cannot be decoded.
   */
  registryRecord(input: RegistryInput, record: ThingRecord | null | undefined, now: number): Decision {
    const draft = new Draft(now)
    if (record === undefined) {
      draft.deadLetter(input.key, input.topic, 'InvalidRecord', 'the record cannot be decoded', input.value)
      return draft
    }
    const fault = thingRecordFault(input.key, record)
    if (fault !== null) draft.deadLetter(input.key, input.topic, 'InvalidRequest', fault, input.value)
    else if (record === null) unregister(this.#thing(input.key ?? '', now), draft)
    return draft
  }

  /** A record of `fleet.registry.api-keys`; `record` as in {@link registryRecord}. */
  apiKeyRecord(input: RegistryInput, record: ApiKeyRecord | null | undefined, now: number): Decision {
    const draft = new Draft(now)
    const fault = record === undefined ? 'the record cannot be decoded' : apiKeyFault(input.key, record)
    const code = record === undefined ? 'InvalidRecord' : 'InvalidRequest'
    if (fault !== null) draft.deadLetter(input.key, input.topic, code, fault, input.value)
    return draft
  }

  /** Null when the bridge cannot have written it. */
  #deviceMessage({ payload, receivedAt, thingName, topic }: InboxRecord): DeviceMessage | 'unmatched' | null {
    if (topic === null || payload === null) return null
    const parsed = parseDeviceTopic(topic, this.#settings)
    if (parsed === null) return 'unmatched'
    return parsed.thingName === thingName ? { topic, parsed, payload, receivedAt } : null
  }

  #thing(thingName: string, now: number): ThingContext {
    const registered = this.#registry.isServed(thingName)
    return { settings: this.#settings, thingName, registered, thing: this.#state.thing(thingName), now }
  }

  #job(jobId: string, now: number): JobContext {
    const isRegistered = (thingName: string): boolean => this.#registry.isServed(thingName)
    return { jobId, job: this.#state.job(jobId), isRegistered, settings: this.#settings, now }
  }

  #thingRequest(
    input: RequestInput,
    now: number,
    operationsOf: (context: ThingContext, draft: Draft) => readonly (readonly [string, Operation])[],
  ): Decision {
    const draft = new Draft(now)
    const operations = new Map(operationsOf(this.#thing(input.key ?? '', now), draft))
    const topic = {
      operations,
      subjectOf: ({ thingName }: { thingName: string | null }) => thingName,
      openRequests: [],
    }
    takeRequest(draft, input, topic, this.#state.results)
    return draft
  }
}

/** Null when the bridge cannot have written it. */
function jobTaskOf(record: InboxRecord): JobTaskInput | null {
  const { jobId, jobRequestId, task } = record
  return jobId === null || jobRequestId === null || task === null ? null : { ...record, jobId, jobRequestId, task }
}
