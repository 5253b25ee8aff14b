{{- /* bridge.yaml: the configuration as given, the files that the chart mounts, and whether things are served. */ -}}
{{- define "bridge.config" -}}
{{- $mounted := dict -}}
{{- range $place := list "mqtt" "kafka" "registry" -}}
{{- $files := printf "/etc/bridge/secrets/%s" $place -}}
{{- $login := dict -}}
{{- if (index $.Values.credentials $place).secret -}}
{{- $login = dict "username" (printf "${file:%s/username}" $files) "passwordFile" (printf "%s/password" $files) -}}
{{- end -}}
{{- $tls := dict -}}
{{- if (index $.Values.tls $place).ca.secret }}{{ $_ := set $tls "caFile" (printf "%s/ca.crt" $files) }}{{ end -}}
{{- if include "bridge.clientSecret" (dict "root" $ "place" $place) -}}
{{- $tls = merge $tls (dict "certFile" (printf "%s/tls.crt" $files) "keyFile" (printf "%s/tls.key" $files)) -}}
{{- end -}}
{{- $part := ternary (dict "sasl" $login) $login (eq $place "kafka") -}}
{{- $_ := set $mounted $place (merge $part (dict "tls" $tls)) -}}
{{- end -}}
{{- /* The roles fleet and http need it, and ingest must read what things say. */ -}}
{{- if or .Values.fleet.enabled .Values.http.enabled }}{{ $_ := set $mounted "fleet" (dict "enabled" true) }}{{ end -}}
{{- $config := mergeOverwrite (deepCopy .Values.config) $mounted -}}
{{- range $place := list "mqtt" "kafka" "registry" -}}
{{- $part := index $config $place -}}
{{- range $key := list "tls" "sasl" }}{{ if not (get $part $key) }}{{ $_ := unset $part $key }}{{ end }}{{ end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end }}

{{- /* One volume for each server that has a Secret: user name, password, authorities, client certificate. */ -}}
{{- define "bridge.secretVolumes" -}}
{{- range $place := list "mqtt" "kafka" "registry" -}}
{{- $login := index $.Values.credentials $place -}}
{{- $tls := index $.Values.tls $place -}}
{{- $client := include "bridge.clientSecret" (dict "root" $ "place" $place) -}}
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
{{- end }}

{{- define "bridge.secretMounts" -}}
{{- range $place := list "mqtt" "kafka" "registry" -}}
{{- $client := include "bridge.clientSecret" (dict "root" $ "place" $place) -}}
{{- if or (index $.Values.credentials $place).secret (index $.Values.tls $place).ca.secret $client }}
- { name: {{ $place }}, mountPath: /etc/bridge/secrets/{{ $place }}, readOnly: true }
{{- end }}
{{- end }}
{{- end }}
