import type { Finding, ServerName } from './finding.ts'

const titles: Readonly<Record<ServerName, string>> = {
  mqtt: 'MQTT',
  emqx: 'EMQX, REST API',
  kafka: 'Kafka',
  registry: 'Schema registry',
  bridge: 'Bridge',
}
const marks: Readonly<Record<Finding['level'], string>> = { ok: 'ok  ', warn: 'WARN', fail: 'FAIL' }
const width = 11

export function headingText(server: ServerName, address: string): string {
  return `${titles[server]}  ${address}`
}

/** One finding for people: what, and below it what it costs and what to do. */
export function findingText({ level, check, on, what, costs, fix }: Finding): string {
  const lines = [`  ${marks[level]}  ${check.padEnd(width)}  ${on}: ${what}`]
  const below = ' '.repeat(8 + width)
  if (costs !== null) lines.push(`${below}  costs: ${costs}`)
  if (fix !== null) lines.push(`${below}  do:    ${fix}`)
  return lines.join('\n')
}

export function summaryText(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length
  const [failed, warned] = [count('fail'), count('warn')]
  if (failed === 0 && warned === 0) return 'All is well.'
  return `${failed} failed, ${warned} to be looked at, ${count('ok')} well.`
}
