{{- /* What a schema cannot say, or cannot say in a sentence. Every template that matters begins with it; it renders nothing. */ -}}
{{- define "upsell.check" -}}
{{- $duration := "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" -}}
{{- range $name := list "driftInterval" "resyncInterval" "revokeGiveUpAfter" -}}
{{- $value := get $.Values.reconcile $name -}}
{{- if not (regexMatch $duration $value) -}}
{{- fail (printf "reconcile.%s is %q: write a duration such as 30s, 10m or 1h." $name $value) -}}
{{- end -}}
{{- end -}}
{{- with .Values.credentials -}}
{{- $given := list -}}{{- $missing := list -}}
{{- range $key := list "url" "clientID" "clientSecret" -}}
{{- if get $.Values.credentials $key }}{{ $given = append $given (printf "credentials.%s" $key) }}{{ else }}{{ $missing = append $missing (printf "credentials.%s" $key) }}{{ end -}}
{{- end -}}
{{- if and .existingSecret $given -}}
{{- fail (printf "credentials.existingSecret and %s are both set: give the Secret's name or the values, not both." (join ", " $given)) -}}
{{- end -}}
{{- if and $given $missing -}}
{{- fail (printf "The credentials are not complete, there is no %s: give all of url, clientID and clientSecret, or credentials.existingSecret instead." (join " and no " $missing)) -}}
{{- end -}}
{{- if and .url (not $.Values.acronis.allowInsecure) (not (hasPrefix "https://" .url)) -}}
{{- fail (printf "credentials.url is %q: it begins with https://, as in https://eu2-cloud.acronis.com." .url) -}}
{{- end -}}
{{- if regexMatch "/api/" .url -}}
{{- fail (printf "credentials.url is %q: write the data center's URL without a path, as in https://eu2-cloud.acronis.com." .url) -}}
{{- end -}}
{{- if and (not .perObjectSecrets.enabled) (or .perObjectSecrets.namespaces .perObjectSecrets.names) -}}
{{- fail "credentials.perObjectSecrets has namespaces or names but is not enabled: set credentials.perObjectSecrets.enabled to true, or remove them." -}}
{{- end -}}
{{- if $.Values.watch.namespaces -}}
{{- range .perObjectSecrets.namespaces -}}
{{- if not (has . $.Values.watch.namespaces) -}}
{{- fail (printf "credentials.perObjectSecrets.namespaces has %q, which is not in watch.namespaces: no object there is served, so its Secrets are not needed." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range .Values.watch.namespaces -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" .) -}}
{{- fail (printf "watch.namespaces has %q, which is no name of a namespace." .) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail "replicas is more than 1 and leaderElection.enabled is false: two pods would do the same work. Turn leader election on, or take one replica." -}}
{{- end -}}
{{- if not (or .Values.image.tag .Values.image.digest .Chart.AppVersion) -}}
{{- fail "image.tag and image.digest are empty, and the chart has no appVersion." -}}
{{- end -}}
{{- if and (not .Values.metrics.enabled) .Values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled: there is nothing to scrape without it." -}}
{{- end -}}
{{- if and .Values.metrics.enabled (eq (int .Values.metrics.port) (int .Values.probes.port)) -}}
{{- fail (printf "metrics.port and probes.port are both %d: take two ports, so that a NetworkPolicy can tell them apart." (int .Values.metrics.port)) -}}
{{- end -}}
{{- end -}}
