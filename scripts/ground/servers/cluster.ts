import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clusterPart } from '../fetch/cluster-part.ts'
import { ensurePart } from '../fetch/part.ts'
import { freePorts } from '../run/free-ports.ts'
import { probeHttp } from '../run/probes.ts'
import { Server } from '../run/server.ts'
import { ClusterApi } from './cluster-api.ts'
import { dataFolder, type Surroundings } from './surroundings.ts'

/** A Kubernetes without machines: etcd, API server, controllers and scheduler. No kubelet: no container ever runs. */
export class Cluster {
  readonly api: ClusterApi
  /** Path of a file for `--kubeconfig`, with every right. */
  readonly kubeconfig: string
  /** Folder with the definitions of the operators' resources, one file for each kind. They are not applied. */
  readonly definitions: string
  readonly #servers: readonly Server[]

  constructor(api: ClusterApi, kubeconfig: string, definitions: string, servers: readonly Server[]) {
    this.api = api
    this.kubeconfig = kubeconfig
    this.definitions = definitions
    this.#servers = servers
  }

  /** Resolves when all four answer. */
  async start(): Promise<void> {
    for (const server of this.#servers) await server.start()
  }

  async kill(): Promise<void> {
    for (const server of this.#servers.toReversed()) await server.kill()
  }
}

export async function prepareCluster(surroundings: Surroundings): Promise<Cluster> {
  const part = await ensurePart(clusterPart, surroundings.say)
  const [etcdPort = 0, peerPort = 0, port = 0, managerPort = 0, schedulerPort = 0] = await freePorts(5)
  const folder = await dataFolder(surroundings, 'cluster')
  const certificates = await surroundings.certificates()
  const token = randomBytes(24).toString('hex')
  const tokens = join(folder, 'tokens.csv')
  await writeFile(tokens, `${token},operator,operator,system:masters\n`, { mode: 0o600 })
  const ca = await readFile(certificates.ca, 'utf8')
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, JSON.stringify(loginFile(port, ca, token)), { mode: 0o600 })
  const api = new ClusterApi({ host: '127.0.0.1', port, ca, token })

  const server = (name: string, args: readonly string[], probe: () => Promise<void>): Server =>
    new Server({
      name,
      command: { file: join(part, 'bin/cluster'), args: [name, ...args], cwd: folder },
      logPath: join(folder, `${name}.log`),
      watchdog: surroundings.watchdog,
      probe,
      startTimeoutMs: 180_000,
    })
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const { certificate, key } = certificates.server
  const etcd = server(
    'etcd',
    [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
    ],
    () => probeHttp(`${etcdUrl}/health`),
  )
  const apiServer = server(
    'kube-apiserver',
    [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${certificate}`,
      `--tls-private-key-file=${key}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=RBAC',
      // The address of the Service `kubernetes` must not be that of the loopback.
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${certificate}`,
      `--service-account-signing-key-file=${key}`,
      // Nobody would take the taint of a new node away: the nodes are not real.
      '--disable-admission-plugins=TaintNodesByCondition',
    ],
    async () => {
      await api.get('/readyz')
    },
  )
  const follower = (name: string, followerPort: number, args: readonly string[]): Server =>
    server(
      name,
      [
        `--kubeconfig=${kubeconfig}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${followerPort}`,
        `--tls-cert-file=${certificate}`,
        `--tls-private-key-file=${key}`,
        '--leader-elect=false',
        ...args,
      ],
      () => new ClusterApi({ host: '127.0.0.1', port: followerPort, ca, token }).get('/healthz').then(() => undefined),
    )
  const manager = follower('kube-controller-manager', managerPort, [
    // Nodes that nobody hears of are left in peace.
    '--controllers=*,-node-lifecycle-controller',
    `--service-account-private-key-file=${key}`,
    `--root-ca-file=${certificates.ca}`,
  ])
  const scheduler = follower('kube-scheduler', schedulerPort, [])
  return new Cluster(api, kubeconfig, join(part, 'definitions'), [etcd, apiServer, manager, scheduler])
}

function loginFile(port: number, ca: string, token: string): object {
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'ground', cluster }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'ground', context: { cluster: 'ground', user: 'operator' } }],
    'current-context': 'ground',
  }
}
