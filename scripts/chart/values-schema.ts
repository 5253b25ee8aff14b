import { bridgeSchema } from './bridge-schema.ts'
import { closed, flag, type JsonSchema, listOf, mapOf, oneOf, open, textLike, whole } from './json-schema.ts'

const dnsLabel = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
const dnsName = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?'
const secretKey = '[-._a-zA-Z0-9]{1,253}'
const httpAddress = 'https?://[A-Za-z0-9][^\\s"\']*'
const goDuration = '([0-9]+(h|m|s))+'
const labelValue: JsonSchema = { type: 'string', pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$' }
const labelName: JsonSchema = {
  type: 'string',
  pattern: '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
}

const secret = (what: string) => textLike(`Name of an existing Secret with ${what}; empty: none.`, `(${dnsName})?`)
const key = (what: string) => textLike(`Key of ${what} in the Secret.`, secretKey)
const labels = (what: string) => ({ ...mapOf(what, labelValue), propertyNames: labelName })
const annotations = (what: string) => ({ ...mapOf(what, { type: 'string' }), propertyNames: labelName })
const objects = (what: string) => listOf(what, { type: 'object' })
const ratio = (what: string): JsonSchema => ({ description: what, type: 'number', exclusiveMinimum: 0, maximum: 1 })

function login(server: string): JsonSchema {
  return closed(`How the bridge logs in at ${server}.`, {
    secret: secret('user name and password'),
    usernameKey: key('the user name'),
    passwordKey: key('the password'),
  })
}

function tls(server: string): JsonSchema {
  return closed(`Certificates towards ${server}.`, {
    ca: closed('Whom to trust.', { secret: secret('the authorities (PEM)'), key: key('the authorities') }),
    client: closed('Who we are.', {
      secret: secret('the client certificate'),
      certificate: key('the certificate'),
      key: key('its private key'),
      issue: flag('cert-manager makes it.'),
    }),
  })
}

function worker(what: string, replicas: number, scaling: Record<string, JsonSchema> = {}): Record<string, JsonSchema> {
  return {
    enabled: flag(`Run it: ${what}.`),
    replicas: whole('Pods, when autoscaling.mode is none.', 0, replicas),
    autoscaling: closed('Who decides the number of pods.', {
      mode: oneOf('none, hpa (CPU and metrics) or keda (a query to Prometheus).', ['none', 'hpa', 'keda']),
      min: whole('The least number of pods.', 1, replicas),
      max: whole('The greatest number of pods.', 1, replicas),
      cpuPercent: whole('hpa: average use of the requested CPU to aim at.', 1, 100),
      metrics: listOf('hpa: what counts beside CPU.', {
        ...closed('A metric that an adapter serves.', {
          name: textLike('Its name, as in docs/events.md.', 'bridge_[a-z0-9_]{1,200}'),
          from: oneOf('The average of the pods, or one value for the role.', ['pods', 'external']),
          target: textLike('Value per pod to aim at, such as "30" or 800m.', '[1-9][0-9]{0,8}m?'),
        }),
        required: ['name', 'from', 'target'],
      }),
      threshold: whole('keda: value per pod to aim at.', 1, 1_000_000),
      ...scaling,
    }),
    resources: closed('What a pod asks for and may use.', {
      requests: closed('What is set aside.', { cpu: cpu(), memory: memory() }),
      limits: closed('What it may use at most.', { cpu: cpu(), memory: enoughMemory() }),
    }),
    heapPercent: whole('Share of limits.memory for the heap of Node.js.', 25, 90),
  }
}

function cpu(): JsonSchema {
  return textLike('Cores, such as 500m or "2".', '[1-9][0-9]*m?')
}

function memory(): JsonSchema {
  return textLike('Memory in Mi or Gi, such as 384Mi.', '[1-9][0-9]{0,5}(Mi|Gi)')
}

function enoughMemory(): JsonSchema {
  const mebibytes = '12[89]|1[3-9][0-9]|[2-9][0-9]{2}|[1-9][0-9]{3,5}'
  return textLike('Memory in Mi or Gi, at least 128Mi.', `(${mebibytes})Mi|[1-9][0-9]{0,2}Gi`)
}

/** JSON Schema of values.yaml, with the bridge's own configuration schema at `config`. */
export function valuesSchema(): JsonSchema {
  const { fleet, http, ingest, ...workers } = {
    ingest: worker('MQTT to Kafka', 10_000, {
      windowThreshold: ratio('keda: share of the window per pod to aim at.'),
      queueThreshold: whole('keda: messages waiting at the broker per pod to aim at.', 1, 1_000_000_000),
    }),
    command: worker('commands to time-clocks', 10_000),
    fleet: worker('things', 10_000),
    http: worker('the HTTP interface of things', 10_000),
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Values of the chart emqx-kafka-bridge',
    ...closed('See values.yaml.', {
      image: closed('The image.', {
        repository: textLike('Where it lies, registry included.', '[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?'),
        tag: textLike('Its tag; empty: appVersion of the chart. Not latest.', '([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?'),
        digest: textLike('Its content.', '(sha256:[0-9a-f]{64})?'),
        pullPolicy: oneOf('When to pull.', ['Always', 'IfNotPresent', 'Never']),
        pullSecrets: listOf('Names of Secrets that may pull it.', { type: 'string', pattern: `^${dnsName}$` }),
      }),
      fullnameOverride: textLike("First part of every object's name.", '([a-z]([-a-z0-9]{0,38}[a-z0-9])?)?'),
      config: bridgeSchema(),
      credentials: closed('User names and passwords, from Secrets that exist.', {
        mqtt: login('the MQTT broker'),
        emqx: login('the REST API of EMQX: API key and its secret'),
        kafka: login('Kafka'),
        registry: login('the schema registry'),
      }),
      tls: closed('Certificates, from Secrets that exist.', {
        mqtt: tls('the MQTT broker'),
        emqx: tls('the REST API of EMQX'),
        kafka: tls('Kafka'),
        registry: tls('the schema registry'),
      }),
      certManager: closed('For the certificates with issue.', {
        issuer: closed('Who signs.', {
          name: textLike('Its name.', `(${dnsName})?`),
          kind: textLike('Issuer or ClusterIssuer.', '[A-Z][A-Za-z]*'),
          group: textLike('Its API group.', dnsName),
        }),
        duration: textLike('How long a certificate lives, such as 2160h.', goDuration),
        renewBefore: textLike('How long before its end the next one is made.', goDuration),
      }),
      topics: closed('Who makes the topics.', {
        by: oneOf('A Job, Strimzi, or nobody.', ['job', 'strimzi', 'none']),
        strimzi: closed('For by: strimzi.', {
          cluster: textLike('Name of the Kafka resource.', `(${dnsLabel})?`),
          apiVersion: oneOf('Empty: as the cluster has it.', ['', 'v1', 'v1beta2']),
          replicas: whole('Replicas of each topic; 0: config.kafka.replicationFactor.', 0, 32_767),
        }),
      }),
      schemas: closed('Who registers the schemas.', { by: oneOf('A Job, or nobody.', ['job', 'none']) }),
      ingest: closed('Role ingest.', {
        ...ingest,
        slots: whole('The most pods there may ever be; 0: nobody adopts the sessions of one that is gone.', 0, 10_000),
      }),
      ...Object.fromEntries(Object.entries(workers).map(([role, members]) => [role, closed(`Role ${role}.`, members)])),
      fleet: closed('Role fleet.', {
        ...fleet,
        store: closed('For things that do not fit memory.', {
          sizeLimit: textLike('Size of an emptyDir; empty: all are held in memory.', '([1-9][0-9]{0,5}(Mi|Gi))?'),
        }),
      }),
      http: closed('Role http.', {
        ...http,
        service: closed('Its Service.', {
          type: oneOf('Type.', ['ClusterIP', 'NodePort', 'LoadBalancer']),
          port: whole('Port.', 1, 65_535),
          annotations: annotations('Annotations, for a load balancer.'),
        }),
        tls: closed('The certificate it shows.', {
          secret: secret('the certificate'),
          certificate: key('the certificate'),
          key: key('its private key'),
          issue: flag('cert-manager makes it.'),
          names: listOf('With issue: names beside those of the Service.', {
            type: 'string',
            pattern: `^(\\*\\.)?${dnsName}$`,
          }),
          clients: closed('Whose certificates clients must show.', {
            secret: secret('the authorities (PEM)'),
            key: key('the authorities'),
          }),
        }),
      }),
      keda: closed('For autoscaling.mode keda.', {
        prometheus: textLike('Address of Prometheus.', `(${httpAddress})?`),
        authentication: textLike('Name of an existing TriggerAuthentication.', `(${dnsName})?`),
      }),
      pod: closed('What all pods get.', {
        labels: labels('Further labels.'),
        annotations: annotations('Further annotations.'),
        env: {
          description: 'Variables by name.',
          type: 'object',
          propertyNames: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
          additionalProperties: { anyOf: [{ type: 'string' }, { type: 'object' }] },
        },
        nodeSelector: labels('Labels of nodes.'),
        tolerations: objects('Tolerations.'),
        affinity: open('Affinity.'),
        priorityClassName: textLike('Priority class.', `(${dnsName})?`),
        volumes: objects('Further volumes.'),
        volumeMounts: objects('Where to mount them.'),
      }),
      serviceAccount: closed('Identity of the pods in the cluster.', {
        name: textLike('An existing one; empty: the chart makes one.', `(${dnsName})?`),
        annotations: annotations('Annotations.'),
      }),
      podDisruptionBudget: closed('Evictions.', { enabled: flag('Limit them to one pod of a role at a time.') }),
      networkPolicy: closed('Who may speak with whom.', {
        enabled: flag('Make a NetworkPolicy.'),
        to: closed('Peers to speak with.', {
          mqtt: objects('The MQTT broker.'),
          emqx: objects('The REST API of EMQX.'),
          kafka: objects('Kafka.'),
          registry: objects('The schema registry.'),
          dns: objects('DNS.'),
        }),
        from: closed('Peers that may come in.', { metrics: objects('Prometheus.'), http: objects('Clients of HTTP.') }),
        kafkaPorts: listOf('Further ports of Kafka brokers.', { type: 'integer', minimum: 1, maximum: 65_535 }),
        extraEgress: objects('Further egress rules.'),
      }),
      metrics: closed('How Prometheus finds the pods.', {
        monitor: oneOf('PodMonitor, ServiceMonitor, or none.', ['pod', 'service', 'none']),
        interval: textLike('How often, such as 30s.', '[1-9][0-9]{0,3}(s|m)'),
        labels: labels('Labels of the monitor.'),
      }),
      alerts: closed('A PrometheusRule.', {
        enabled: flag('Make it.'),
        labels: labels('Labels of the rule.'),
        alertLabels: labels('Labels of every alert.'),
        disabled: listOf('Alerts to leave out.', { type: 'string' }),
        runbookUrl: textLike('Where docs/runbook.md can be read.', `(${httpAddress})?`),
        thresholds: closed('When alerts fire.', {
          deadLetterRatio: ratio('BridgeDeadLetters.'),
          acknowledgeSeconds: {
            description: 'BridgeAcknowledgeSlow.',
            type: 'number',
            exclusiveMinimum: 0,
            maximum: 60,
          },
          brokerDropSeconds: whole('BridgeBrokerDropsSoon.', 1, 86_400),
          commandLagSeconds: whole('BridgeCommandLag.', 1, 86_400),
          undeliveredRatio: ratio('BridgeCommandsUndelivered.'),
          httpErrorRatio: ratio('BridgeHttpErrors.'),
          certificateDays: whole('BridgeCertificateExpires.', 1, 3650),
        }),
      }),
      dashboards: closed('A ConfigMap with the dashboard.', {
        enabled: flag('Make it.'),
        labels: labels('Labels that the sidecar looks for.'),
        annotations: annotations('Annotations, for a folder.'),
      }),
      global: open('Helm passes this to subcharts.'),
    }),
  }
}
