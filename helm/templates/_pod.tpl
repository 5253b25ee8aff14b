{{- /* What all pods have in common. Arguments: root, role (a worker's role, `setup` or `test`). */ -}}

{{- define "bridge.podMetadata" -}}
{{- $root := .root -}}
labels:
  {{- include "bridge.labels" $root | nindent 2 }}
  app.kubernetes.io/component: {{ .role }}
  {{- with omit $root.Values.pod.labels "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- toYaml (merge (dict "checksum/config" (include "bridge.config" $root | sha256sum)) $root.Values.pod.annotations) | nindent 2 }}
{{- end }}

{{- define "bridge.podSettings" -}}
{{- $root := .root -}}
serviceAccountName: {{ include "bridge.serviceAccount" $root | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- with $root.Values.pod.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" }}
{{- with index $root.Values.pod $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
volumes:
  - name: config
    configMap: { name: {{ include "bridge.fullname" $root | quote }} }
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- if and (eq .role "fleet") $root.Values.fleet.store.sizeLimit }}
  - name: store
    emptyDir: { sizeLimit: {{ $root.Values.fleet.store.sizeLimit }} }
  {{- end }}
  {{- with include "bridge.secretVolumes" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $root.Values.pod.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* One container. Arguments: root, role (of a worker), name, args, resources, heapPercent; `store` is where the volume of that name goes. */ -}}
{{- define "bridge.container" -}}
{{- $root := .root -}}
name: {{ .name }}
image: {{ include "bridge.image" $root | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
env:
  {{- $own := dict "POD_NAME" (dict "fieldRef" (dict "fieldPath" "metadata.name")) "NODE_OPTIONS" (printf "--max-old-space-size=%s" (include "bridge.heapMebibytes" .)) }}
  {{- range $name, $value := merge (deepCopy $root.Values.pod.env) $own }}
  - name: {{ $name | quote }}
    {{- if kindIs "map" $value }}
    valueFrom:
      {{- toYaml $value | nindent 6 }}
    {{- else }}
    value: {{ $value | quote }}
    {{- end }}
  {{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: config, mountPath: /etc/bridge/config, readOnly: true }
  - { name: tmp, mountPath: /tmp }
  {{- with .store }}
  - { name: store, mountPath: {{ . }} }
  {{- end }}
  {{- with include "bridge.secretMounts" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $root.Values.pod.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* The pod of a worker. Arguments: root, role. */ -}}
{{- define "bridge.workerPod" -}}
{{- $root := .root -}}
{{- $worker := index $root.Values .role -}}
metadata:
  {{- include "bridge.podMetadata" . | nindent 2 }}
spec:
  terminationGracePeriodSeconds: {{ include "bridge.graceSeconds" $root }}
  {{- include "bridge.podSettings" . | nindent 2 }}
  topologySpreadConstraints:
    {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ $key }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      {{- if ne $.role "ingest" }}
      matchLabelKeys: [pod-template-hash]
      {{- end }}
      labelSelector:
        matchLabels:
          {{- include "bridge.selectorLabels" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $.role }}
    {{- end }}
  containers:
    {{- /* Ingest: the ordinal in the pod's name is the slot, which fixes the client ids of its sessions. The others
           only publish, under client ids of their own that nobody needs to find again. */}}
    {{- $id := printf "mqtt.clientIdPrefix=%s-$(POD_NAME)" (dig "mqtt" "clientIdPrefix" "bridge" $root.Values.config) }}
    {{- $set := ternary "mqtt.slot=$(POD_NAME)" $id (eq .role "ingest") }}
    {{- $args := list "run" "--role" .role "--config" "/etc/bridge/config/bridge.yaml" "--set" $set }}
    {{- $store := ternary "/var/lib/bridge" "" (and (eq .role "fleet") (ne $root.Values.fleet.store.sizeLimit "")) }}
    {{- if $store }}{{ $args = concat $args (list "--set" (printf "fleet.store.folder=%s" $store)) }}{{ end }}
    - {{ include "bridge.container" (dict "root" $root "role" .role "name" "bridge" "args" $args "resources" $worker.resources "heapPercent" $worker.heapPercent "store" $store) | nindent 6 | trim }}
      ports:
        - { name: health, containerPort: {{ include "bridge.healthPort" $root }} }
        {{- if eq .role "http" }}
        - { name: http, containerPort: {{ include "bridge.httpPort" $root }} }
        {{- end }}
      # Reached everything once; until then the other two are not asked.
      startupProbe:
        httpGet: { path: /startupz, port: health }
        periodSeconds: 5
        failureThreshold: 120
      # The process makes progress. It never asks a broker: an outage must not become a restart storm.
      livenessProbe:
        httpGet: { path: /livez, port: health }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      # Both sides are connected. It paces rollouts and evictions.
      readinessProbe:
        httpGet: { path: /readyz, port: health }
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
{{- end }}

{{- /* The pod of the Job. Arguments: root, steps, config (arguments), resources. */ -}}
{{- define "bridge.setupPod" -}}
metadata:
  {{- include "bridge.podMetadata" (dict "root" .root "role" "setup") | nindent 2 }}
spec:
  restartPolicy: OnFailure
  {{- include "bridge.podSettings" (dict "root" .root) | nindent 2 }}
  {{- /* Side by side: a topic that differs, which nobody changes here, must not keep schemas from being registered. */}}
  containers:
    {{- range .steps }}
    - {{ include "bridge.container" (dict "root" $.root "name" (first .) "args" (concat . $.config) "resources" $.resources "heapPercent" 60) | nindent 6 | trim }}
    {{- end }}
{{- end }}
