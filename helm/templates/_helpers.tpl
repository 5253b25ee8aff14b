{{- /* Names, labels and the few numbers that several objects share. */ -}}

{{- define "bridge.fullname" -}}
{{- $name := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name)) -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "bridge.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "bridge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "bridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* The names of the enabled roles, as a JSON list. */ -}}
{{- define "bridge.roles" -}}
{{- $roles := list -}}
{{- range $role := list "ingest" "command" "fleet" "http" -}}
{{- if (index $.Values $role).enabled }}{{ $roles = append $roles $role }}{{ end -}}
{{- end -}}
{{- $roles | toJson -}}
{{- end }}

{{- define "bridge.image" -}}
{{- $image := .Values.image -}}
{{- $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- with $image.digest }}@{{ . }}{{ end -}}
{{- end }}

{{- define "bridge.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "bridge.fullname" .) -}}
{{- end }}

{{- /* Port of /livez, /readyz, /startupz and /metrics. */ -}}
{{- define "bridge.healthPort" -}}
{{- dig "observe" "port" 9464 .Values.config | int -}}
{{- end }}

{{- define "bridge.httpPort" -}}
{{- dig "http" "port" 8080 .Values.config | int -}}
{{- end }}

{{- /* What a stop may take by the configuration, and ten seconds to close connections and end the process. */ -}}
{{- define "bridge.graceSeconds" -}}
{{- add (dig "worker" "drainSeconds" 25 .Values.config | int) 10 -}}
{{- end }}

{{- /* Mebibytes of `share` percent of a quantity such as 384Mi or 1Gi. */ -}}
{{- define "bridge.heapMebibytes" -}}
{{- $memory := .resources.limits.memory -}}
{{- $mebibytes := $memory | trimSuffix "Mi" | trimSuffix "Gi" | int -}}
{{- if hasSuffix "Gi" $memory }}{{ $mebibytes = mul $mebibytes 1024 }}{{ end -}}
{{- div (mul $mebibytes (int .heapPercent)) 100 -}}
{{- end }}

{{- /* The Secret with the client certificate towards `place`; empty when there is none. */ -}}
{{- define "bridge.clientSecret" -}}
{{- $client := (index .root.Values.tls .place).client -}}
{{- if $client.secret }}{{ $client.secret }}
{{- else if $client.issue }}{{ include "bridge.fullname" .root }}-{{ .place }}-client
{{- end -}}
{{- end }}

{{- /* The Secret with the certificate that the role http shows; empty when there is none. */ -}}
{{- define "bridge.httpSecret" -}}
{{- $tls := .Values.http.tls -}}
{{- if $tls.secret }}{{ $tls.secret }}
{{- else if $tls.issue }}{{ include "bridge.fullname" . }}-http-server
{{- end -}}
{{- end }}

{{- /* What the schema cannot say: values that do not go together. */ -}}
{{- define "bridge.guard" -}}
{{- $v := .Values -}}
{{- if not (include "bridge.roles" . | fromJsonArray) }}{{ fail "enable at least one of ingest, command, fleet and http" }}{{ end -}}
{{- range $place := list "mqtt" "registry" }}{{ if contains "@" (index $v.config $place).url }}{{ fail (printf "config.%s.url must not hold a login: use credentials.%s.secret" $place $place) }}{{ end }}{{ end -}}
{{- $rest := dig "emqx" "rest" "url" "" $v.config | default "" -}}
{{- if contains "@" $rest }}{{ fail "config.emqx.rest.url must not hold a login: use credentials.emqx.secret" }}{{ end -}}
{{- range $v.config.kafka.brokers }}{{ if contains "@" . }}{{ fail "config.kafka.brokers must not hold a login: use credentials.kafka.secret" }}{{ end }}{{ end -}}
{{- if contains "@" (dig "kafka" "sasl" "oauth" "tokenEndpoint" "" $v.config | default "") }}{{ fail "config.kafka.sasl.oauth.tokenEndpoint must not hold a login: use credentials.kafka.secret" }}{{ end -}}
{{- if and $rest (not (or $v.credentials.emqx.secret (dig "emqx" "rest" "apiKey" "" $v.config))) }}{{ fail "config.emqx.rest.url is given: set credentials.emqx.secret too" }}{{ end -}}
{{- if and $v.credentials.emqx.secret (not $rest) }}{{ fail "credentials.emqx.secret is given: set config.emqx.rest.url too" }}{{ end -}}
{{- if and $v.credentials.kafka.secret (not (dig "kafka" "sasl" "mechanism" "" $v.config)) }}{{ fail "credentials.kafka.secret is given: set config.kafka.sasl.mechanism too" }}{{ end -}}
{{- $secure := dict "mqtt" (hasPrefix "mqtts:" $v.config.mqtt.url) "kafka" (dig "kafka" "tls" "enabled" false $v.config) "registry" (hasPrefix "https:" $v.config.registry.url) "emqx" (hasPrefix "https:" $rest) -}}
{{- $switch := dict "emqx" "make config.emqx.rest.url an https:// address" "mqtt" "make config.mqtt.url an mqtts:// address" "kafka" "set config.kafka.tls.enabled to true" "registry" "make config.registry.url an https:// address" -}}
{{- range $place, $tls := $v.tls -}}
{{- if and (or $tls.ca.secret $tls.client.secret $tls.client.issue) (not (index $secure $place)) }}{{ fail (printf "tls.%s is given: %s too" $place (index $switch $place)) }}{{ end -}}
{{- if and $tls.client.issue (not $v.certManager.issuer.name) }}{{ fail (printf "tls.%s.client.issue is true: set certManager.issuer.name too" $place) }}{{ end -}}
{{- end -}}
{{- if and $v.http.tls.clients.secret (not (include "bridge.httpSecret" .)) }}{{ fail "http.tls.clients.secret is given: set http.tls.secret too, or http.tls.issue" }}{{ end -}}
{{- if and $v.http.tls.issue (not $v.certManager.issuer.name) }}{{ fail "http.tls.issue is true: set certManager.issuer.name too" }}{{ end -}}
{{- if and $v.http.tls.names (not $v.http.tls.issue) }}{{ fail "http.tls.names is given: set http.tls.issue too, or issue your certificate for these names" }}{{ end -}}
{{- range $role := include "bridge.roles" . | fromJsonArray -}}
{{- $worker := index $v $role -}}
{{- $scaling := $worker.autoscaling -}}
{{- $most := ternary $worker.replicas $scaling.max (eq $scaling.mode "none") | int -}}
{{- if and (ne $scaling.mode "none") (gt (int $scaling.min) (int $scaling.max)) }}{{ fail (printf "%s.autoscaling.min is more than %s.autoscaling.max" $role $role) }}{{ end -}}
{{- if $scaling.metrics -}}
{{- if ne $scaling.mode "hpa" }}{{ fail (printf "%s.autoscaling.metrics is given: set %s.autoscaling.mode to hpa" $role $role) }}{{ end -}}
{{- if eq $v.metrics.monitor "none" }}{{ fail (printf "%s.autoscaling.metrics is given: set metrics.monitor to pod or service too" $role) }}{{ end -}}
{{- end -}}
{{- if eq $scaling.mode "keda" -}}
{{- if not $v.keda.prometheus }}{{ fail (printf "%s.autoscaling.mode is keda: set keda.prometheus too" $role) }}{{ end -}}
{{- if eq $v.metrics.monitor "none" }}{{ fail (printf "%s.autoscaling.mode is keda: set metrics.monitor to pod or service too" $role) }}{{ end -}}
{{- end -}}
{{- if and (eq $role "ingest") $worker.slots (gt $most (int $worker.slots)) }}{{ fail (printf "ingest may have %d replicas, but ingest.slots is %d: raise it" $most (int $worker.slots)) }}{{ end -}}
{{- $channel := get (dict "command" "command" "fleet" "thingInbox") $role -}}
{{- if $channel -}}
{{- $partitions := include "bridge.partitions" (dict "root" $ "channel" $channel) | int -}}
{{- if gt $most $partitions }}{{ fail (printf "%s may have %d replicas, but its topic has %d partitions: the rest would idle. Lower it, or raise config.kafka.partitions.%s" $role $most $partitions $channel) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and (or $v.alerts.enabled $v.dashboards.enabled) (eq $v.metrics.monitor "none") }}{{ fail "alerts and dashboards use labels that the monitor sets: set metrics.monitor to pod or service" }}{{ end -}}
{{- $known := list -}}
{{- range (.Files.Get "files/alerts.yaml" | fromYaml).alerts }}{{ $known = append $known .alert }}{{ end -}}
{{- range $v.alerts.disabled }}{{ if not (has . $known) }}{{ fail (printf "alerts.disabled: there is no alert %s" .) }}{{ end }}{{ end -}}
{{- if and (eq $v.topics.by "strimzi") (not $v.topics.strimzi.cluster) }}{{ fail "topics.by is strimzi: set topics.strimzi.cluster too" }}{{ end -}}
{{- range $key := list "observe.port" "http.port" "worker.drainSeconds" -}}
{{- $path := splitList "." $key -}}
{{- if kindIs "string" (dig (first $path) (last $path) 0 $v.config) }}{{ fail (printf "config.%s must be a number here: other objects are made of it" $key) }}{{ end -}}
{{- end -}}
{{- if and (or $v.fleet.enabled $v.http.enabled) (not (dig "fleet" "enabled" true $v.config)) }}{{ fail "config.fleet.enabled is false, but the roles fleet and http need it: leave it out" }}{{ end -}}
{{- if eq (include "bridge.healthPort" .) "0" }}{{ fail "config.observe.port must be a fixed port: the probes need it" }}{{ end -}}
{{- if and $v.http.enabled (eq (include "bridge.httpPort" .) "0") }}{{ fail "config.http.port must be a fixed port: the Service needs it" }}{{ end -}}
{{- if and $v.http.enabled (eq (include "bridge.httpPort" .) (include "bridge.healthPort" .)) }}{{ fail "config.http.port and config.observe.port must differ" }}{{ end -}}
{{- end }}

{{- define "bridge.partitions" -}}
{{- $default := 0 -}}
{{- range (.root.Files.Get "files/topics.yaml" | fromYaml).topics }}{{ if eq .channel $.channel }}{{ $default = .partitions }}{{ end }}{{ end -}}
{{- dig "kafka" "partitions" .channel $default .root.Values.config | default $default | int -}}
{{- end }}
