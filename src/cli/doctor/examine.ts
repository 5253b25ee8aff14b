import { secretTexts } from '../../config/print.ts'
import { messageOf } from '../../kernel/failure.ts'
import { needsOf } from '../../roles/needs.ts'
import type { Examine } from '../doctor.ts'
import { exitCodes } from '../exit-codes.ts'
import { bridgeAddress, checkBridge } from './check-bridge.ts'
import { checkEmqx } from './check-emqx.ts'
import { checkKafka } from './check-kafka.ts'
import { checkMqtt } from './check-mqtt.ts'
import { checkRegistry } from './check-registry.ts'
import { type Finding, Report, type ServerName, servers } from './finding.ts'
import { findingText, headingText, summaryText } from './finding-text.ts'

/** `bridge doctor`: the servers and the bridge itself side by side, each with deadlines of its own; said in a steady order. */
export const examine: Examine = async ({ settings, origins }, { roles, json, deadlineMs }, io) => {
  const needs = needsOf(roles, settings)
  const surroundings = { now: Date.now(), deadlineMs }
  const checks: Readonly<Record<ServerName, (report: Report) => Promise<void>>> = {
    mqtt: (report) => checkMqtt(report, settings, needs.mqtt, surroundings),
    emqx: (report) => checkEmqx(report, settings, surroundings),
    kafka: (report) => checkKafka(report, settings, roles, needs, surroundings),
    registry: (report) => checkRegistry(report, settings, needs.channels, surroundings),
    bridge: (report) => checkBridge(report, settings, roles, surroundings),
  }
  const addresses: Readonly<Record<ServerName, string>> = {
    mqtt: settings.mqtt.url,
    emqx: settings.emqx.rest.url ?? '',
    kafka: settings.kafka.brokers.join(' '),
    registry: settings.registry.url,
    bridge: bridgeAddress(settings, roles),
  }
  const secrets = secretTexts(settings, origins)
  const write = (text: string): void => {
    io.stdout.write(`${secrets.reduce((safe, secret) => safe.replaceAll(secret, '(secret)'), text)}\n`)
  }
  const said: Finding[] = []
  // EMQX's own API is looked at where it is configured, the bridge where its roles have something of their own.
  const looked = servers.filter((server) => addresses[server] !== '')
  const begun = looked.map((server) => ({ server, findings: collect(server, checks[server]) }))
  for (const { server, findings } of begun) {
    if (!json) write(headingText(server, addresses[server]))
    for (const finding of await findings) {
      said.push(finding)
      write(json ? JSON.stringify(finding) : findingText(finding))
    }
    if (!json) write('')
  }
  if (!json) write(summaryText(said))
  return said.some(({ level }) => level === 'fail') ? exitCodes.failed : exitCodes.ok
}

async function collect(server: ServerName, check: (report: Report) => Promise<void>): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const report = new Report(server, (finding) => findings.push(finding))
  try {
    await check(report)
  } catch (error) {
    const what = `the check broke off: ${messageOf(error)}`
    report.fail('reach', server, what, 'the rest was not looked at', 'run it again; when it stays, report it')
  }
  return findings
}
