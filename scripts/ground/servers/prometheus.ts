import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../run/free-ports.ts'
import { probeHttp } from '../run/probes.ts'
import { Server, type ServerSpec } from '../run/server.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

export interface PrometheusOptions {
  /** `host:port` of what it scrapes once a second, and the labels that each series gets. */
  readonly targets: readonly { readonly address: string; readonly labels: Readonly<Record<string, string>> }[]
  /** Groups of rules as in a rule file. They are evaluated once a second. */
  readonly rules?: readonly object[]
}

/** One series of an answer: its labels and its value now. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** A rule as Prometheus sees it. */
export interface RuleState {
  readonly name: string
  readonly health: 'ok' | 'unknown' | 'err'
  readonly lastError?: string
  readonly state?: 'inactive' | 'pending' | 'firing'
}

/** A real Prometheus of the Debian package, which `promtool` comes with. */
export class PrometheusServer extends Server {
  readonly #url: string

  constructor(spec: ServerSpec, url: string) {
    super(spec)
    this.#url = url
  }

  /** Throws with Prometheus' own words when it does not take the query. */
  async query(expr: string): Promise<readonly Sample[]> {
    const { result } = (await this.#get(`query?query=${encodeURIComponent(expr)}`)) as { result: Sample[] }
    return result
  }

  async rules(): Promise<readonly RuleState[]> {
    const { groups } = (await this.#get('rules')) as { groups: { rules: RuleState[] }[] }
    return groups.flatMap(({ rules }) => rules)
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) })
    const { data, error } = (await response.json()) as { data?: unknown; error?: string }
    if (data === undefined) throw new Error(`Prometheus: ${error ?? response.status}: ${decodeURIComponent(path)}`)
    return data
  }
}

export async function preparePrometheus(
  surroundings: Surroundings,
  { targets, rules = [] }: PrometheusOptions,
): Promise<PrometheusServer> {
  const [port = 0] = await freePorts(1)
  const folder = await dataFolder(surroundings, 'prometheus')
  const write = async (name: string, content: object): Promise<string> => {
    const path = join(folder, name)
    // JSON is YAML.
    await writeFile(path, JSON.stringify(content))
    return path
  }
  const config = await write('prometheus.yaml', {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [await write('rules.yaml', { groups: rules })],
    scrape_configs: [
      {
        job_name: 'bridge',
        static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })),
      },
    ],
  })
  const url = `http://127.0.0.1:${port}`
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const spec = {
    name: 'prometheus',
    command: { file: 'prometheus', args },
    logPath: join(folder, 'log'),
    watchdog: surroundings.watchdog,
    probe: () => probeHttp(`${url}/-/ready`),
  }
  return new PrometheusServer(spec, url)
}
