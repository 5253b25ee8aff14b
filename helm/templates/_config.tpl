{{- /* The servers that may have a Secret, as a JSON list. emqx is the REST API of the broker, config.emqx.rest. */ -}}
{{- define "bridge.places" -}}
{{- list "mqtt" "emqx" "kafka" "registry" | toJson -}}
{{- end }}

{{- /* bridge.yaml: the configuration as given, the files that the chart mounts, and whether things are served. */ -}}
{{- define "bridge.config" -}}
{{- $mounted := dict -}}
{{- range $place := include "bridge.places" . | fromJsonArray -}}
{{- $files := printf "/etc/bridge/secrets/%s" $place -}}
{{- $login := dict -}}
{{- if (index $.Values.credentials $place).secret -}}
{{- $names := ternary (list "apiKey" "secretFile") (list "username" "passwordFile") (eq $place "emqx") -}}
{{- $login = dict (first $names) (printf "${file:%s/username}" $files) (last $names) (printf "%s/password" $files) -}}
{{- end -}}
{{- if and $login (eq $place "kafka") (eq (dig "kafka" "sasl" "mechanism" "" $.Values.config | default "") "oauthbearer") -}}
{{- $login = dict "oauth" (dict "clientId" $login.username "clientSecretFile" $login.passwordFile) -}}
{{- end -}}
{{- $tls := dict -}}
{{- if (index $.Values.tls $place).ca.secret }}{{ $_ := set $tls "caFile" (printf "%s/ca.crt" $files) }}{{ end -}}
{{- if include "bridge.clientSecret" (dict "root" $ "place" $place) -}}
{{- $tls = merge $tls (dict "certFile" (printf "%s/tls.crt" $files) "keyFile" (printf "%s/tls.key" $files)) -}}
{{- end -}}
{{- $part := ternary (dict "sasl" $login) $login (eq $place "kafka") -}}
{{- if $tls }}{{ $_ := set $part "tls" $tls }}{{ end -}}
{{- if eq $place "emqx" }}{{ $part = dict "rest" $part }}{{ end -}}
{{- $_ := set $mounted $place $part -}}
{{- end -}}
{{- if not $mounted.emqx.rest }}{{ $_ := unset $mounted "emqx" }}{{ end -}}
{{- if not $mounted.kafka.sasl }}{{ $_ := unset $mounted.kafka "sasl" }}{{ end -}}
{{- if and .Values.ingest.enabled .Values.ingest.slots -}}
{{- $_ := set (index $mounted "mqtt") "orphans" (dict "slots" .Values.ingest.slots "peerUrl" (include "bridge.peerUrl" .)) -}}
{{- end -}}
{{- $shown := include "bridge.httpSecret" . -}}
{{- with .Values.http }}{{ if and .enabled $shown -}}
{{- $files := "/etc/bridge/secrets/http" -}}
{{- $tls := dict "certFile" (printf "%s/tls.crt" $files) "keyFile" (printf "%s/tls.key" $files) -}}
{{- if .tls.clients.secret }}{{ $_ := set $tls "caFile" (printf "%s/ca.crt" $files) }}{{ end -}}
{{- $_ := set $mounted "http" (dict "tls" $tls) -}}
{{- end }}{{ end -}}
{{- /* The roles fleet and http need it, and ingest must read what things say. */ -}}
{{- if or .Values.fleet.enabled .Values.http.enabled }}{{ $_ := set $mounted "fleet" (dict "enabled" true) }}{{ end -}}
{{- $config := mergeOverwrite (deepCopy .Values.config) $mounted -}}
{{- toYaml $config -}}
{{- end }}

{{- /* Where the pod of a slot of ingest answers, whether it is ready or not. */ -}}
{{- define "bridge.peerUrl" -}}
{{- $name := printf "%s-ingest" (include "bridge.fullname" .) -}}
http://{{ $name }}-{slot}.{{ $name }}.{{ .Release.Namespace }}.svc:{{ include "bridge.healthPort" . }}/livez
{{- end }}

{{- /* One volume for each server that has a Secret: user name, password, authorities, client certificate; the workers
       of http, and the doctor, have one for what they show. Arguments: root, role. */ -}}
{{- define "bridge.secretVolumes" -}}
{{- $root := .root -}}
{{- range $place := include "bridge.places" $root | fromJsonArray -}}
{{- $login := index $root.Values.credentials $place -}}
{{- $tls := index $root.Values.tls $place -}}
{{- $client := include "bridge.clientSecret" (dict "root" $root "place" $place) -}}
{{- if or $login.secret $tls.ca.secret $client }}
- name: {{ $place }}
  projected:
    defaultMode: 0440
    sources:
      {{- with $login.secret }}
      - secret:
          name: {{ . | quote }}
          items:
            - { key: {{ $login.usernameKey | quote }}, path: username }
            - { key: {{ $login.passwordKey | quote }}, path: password }
      {{- end }}
      {{- with $tls.ca.secret }}
      - secret:
          name: {{ . | quote }}
          items:
            - { key: {{ $tls.ca.key | quote }}, path: ca.crt }
      {{- end }}
      {{- with $client }}
      - secret:
          name: {{ . | quote }}
          items:
            - { key: {{ $tls.client.certificate | quote }}, path: tls.crt }
            - { key: {{ $tls.client.key | quote }}, path: tls.key }
      {{- end }}
{{- end }}
{{- end }}
{{- $shown := include "bridge.httpSecret" $root }}
{{- with $root.Values.http.tls }}
{{- if and $shown $root.Values.http.enabled (has ($.role | default "") (list "http" "test")) }}
- name: http
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ $shown | quote }}
          items:
            - { key: {{ .certificate | quote }}, path: tls.crt }
            - { key: {{ .key | quote }}, path: tls.key }
      {{- if .clients.secret }}
      - secret:
          name: {{ .clients.secret | quote }}
          items:
            - { key: {{ .clients.key | quote }}, path: ca.crt }
      {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Where they are. Arguments: root, role. */ -}}
{{- define "bridge.secretMounts" -}}
{{- $root := .root -}}
{{- range $place := include "bridge.places" $root | fromJsonArray -}}
{{- $client := include "bridge.clientSecret" (dict "root" $root "place" $place) -}}
{{- if or (index $root.Values.credentials $place).secret (index $root.Values.tls $place).ca.secret $client }}
- { name: {{ $place }}, mountPath: /etc/bridge/secrets/{{ $place }}, readOnly: true }
{{- end }}
{{- end }}
{{- if and (include "bridge.httpSecret" $root) $root.Values.http.enabled (has (.role | default "") (list "http" "test")) }}
- { name: http, mountPath: /etc/bridge/secrets/http, readOnly: true }
{{- end }}
{{- end }}
