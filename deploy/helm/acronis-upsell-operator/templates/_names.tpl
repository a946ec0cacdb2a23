{{- /* 46 characters leave room for what is appended. Where something is cut off or replaced, a hash keeps two names apart. */ -}}
{{- define "upsell.cut" -}}
{{- $plain := . | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $plain -}}{{- $plain = printf "upsell-%s" $plain -}}{{- end -}}
{{- if or (gt (len $plain) 46) (contains "." .) -}}
{{- printf "%s-%s" ($plain | trunc 35 | trimSuffix "-") (sha256sum . | trunc 10) -}}
{{- else -}}
{{- $plain -}}
{{- end -}}
{{- end -}}

{{- define "upsell.name" -}}
{{- include "upsell.cut" (default .Chart.Name .Values.nameOverride) -}}
{{- end -}}

{{- define "upsell.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- include "upsell.cut" .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- include "upsell.cut" .Release.Name -}}
{{- else -}}
{{- include "upsell.cut" (printf "%s-%s" .Release.Name $name) -}}
{{- end -}}
{{- end -}}

{{- define "upsell.selectorLabels" -}}
{{- toYaml (dict "app.kubernetes.io/name" (include "upsell.name" .) "app.kubernetes.io/instance" .Release.Name) -}}
{{- end -}}

{{- /* Labels with each key once: the chart's, commonLabels, those of `more`, the later ones winning; and those that selectors need, for the one with this `component`. */ -}}
{{- define "upsell.labelsWith" -}}
{{- $all := dict
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/name" (include "upsell.name" .root)
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/part-of" "acronis-upsell-operator"
  "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- range $labels := list .root.Values.commonLabels (default dict .more) -}}
{{- range $key, $label := $labels -}}{{- $_ := set $all $key $label -}}{{- end -}}
{{- end -}}
{{- if .component -}}
{{- range $key, $label := include "upsell.selectorLabels" .root | fromYaml -}}{{- $_ := set $all $key $label -}}{{- end -}}
{{- $_ := set $all "app.kubernetes.io/component" .component -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{- define "upsell.labels" -}}
{{- include "upsell.labelsWith" (dict "root" .) -}}
{{- end -}}

{{- define "upsell.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "upsell.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* Of the Secret that the chart makes itself, or that is made by hand under this name. */ -}}
{{- define "upsell.ownSecretName" -}}
{{- printf "%s-credentials" (include "upsell.fullname" .) -}}
{{- end -}}

{{- define "upsell.credentialsSecretName" -}}
{{- default (include "upsell.ownSecretName" .) .Values.credentials.existingSecret -}}
{{- end -}}

{{- /* Where AcronisAccounts and their Secrets are. */ -}}
{{- define "upsell.accountNamespace" -}}
{{- default .Release.Namespace .Values.accounts.namespace -}}
{{- end -}}

{{- define "upsell.leaseName" -}}
{{- default (include "upsell.fullname" .) .Values.leaderElection.id -}}
{{- end -}}

{{- define "upsell.image" -}}
{{- $name := default "acronis-upsell-operator" .Values.image.repository -}}
{{- with .Values.image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}
