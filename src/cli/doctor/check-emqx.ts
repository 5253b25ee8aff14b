import type { Settings } from '../../config/settings.ts'
import { type ClientLook, listClients } from '../../emqx/client-list.ts'
import { RestClient } from '../../emqx/rest-client.ts'
import { Failure, messageOf } from '../../kernel/failure.ts'
import { clientIdBase } from '../../roles/mqtt-connections.ts'
import { checkEndpoint, type Surroundings } from './check-endpoint.ts'
import { checkFiles } from './check-files.ts'
import type { Report } from './finding.ts'
import { Grouped } from './grouped.ts'

const blind = 'nobody sees how full the queues of our sessions are, nor that EMQX drops messages'

/** Looks at EMQX's REST API, when `emqx.rest` says where it is: the queues that it keeps for sessions of ours. */
export async function checkEmqx(report: Report, settings: Settings, surroundings: Surroundings): Promise<void> {
  const { url, apiKey, secret, secretFile, tls } = settings.emqx.rest
  if (url === null || apiKey === null) return
  const file = { option: 'emqx.rest.secretFile', path: secretFile }
  if (!(await checkFiles(report, 'emqx.rest', tls, file, surroundings))) return
  const { protocol, hostname, port } = new URL(url)
  const isTls = protocol === 'https:'
  const endpoint = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (isTls ? 443 : 80)),
    tls: isTls ? tls : null,
  }
  if (!(await checkEndpoint(report, endpoint, 'emqx.rest', surroundings))) return
  const rest = new RestClient({ url, apiKey, secret, secretFile, timeoutMs: surroundings.deadlineMs, tls })
  try {
    const clients = await listClients(rest, `${clientIdBase(settings)}-`, new AbortController().signal)
    report.ok('login', url, `with API key ${apiKey}`)
    checkQueues(report, url, clients)
  } catch (error) {
    const isKey = error instanceof Failure && error.code === 'not_authorized'
    const fix = isKey
      ? 'correct emqx.rest.apiKey and its secret'
      : 'correct emqx.rest.url: the address of the dashboard'
    report.fail('login', url, messageOf(error), blind, fix)
  }
}

function checkQueues(report: Report, url: string, clients: readonly ClientLook[]): void {
  const found = new Grouped('queues')
  for (const { clientId, connected, queued, queueLimit, dropped } of clients) {
    if (dropped > 0) {
      found.add('warn', clientId, {
        what: `its queue was full and has lost ${dropped} messages since the session began`,
        costs: 'these messages are gone',
        fix: 'a longer queue (EMQX: mqtt.max_mqueue_len of the zone), or more workers: docs/sizing.md',
      })
    }
    if (queued > 0.7 * queueLimit) {
      found.add('warn', clientId, {
        what: `${queued} messages wait, ${queueLimit} is the most`,
        costs: 'the oldest are lost when it is full',
        fix: connected ? 'find out what is slow: docs/runbook.md' : 'start the worker of this slot, or end its session',
      })
    } else if (!connected) {
      found.add('warn', clientId, {
        what: 'the session is there and nobody is connected to it',
        costs: 'the broker goes on giving it its share of the messages, and they wait',
        fix: 'start the worker of this slot, or let another one adopt it (mqtt.orphans)',
      })
    }
  }
  found.say(report, url, `${clients.length} sessions of ours, all connected, with room in their queues`)
}
