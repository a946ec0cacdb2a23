{{- /*
Settings of the binary, by files/settings.json, which is made from the binary's own table: what the chart takes, the binary takes.
*/ -}}

{{- /* Why the binary would refuse `text` for `setting`; empty where it would not. */ -}}
{{- define "upsell.refusal" -}}
{{- $setting := .setting -}}
{{- $good := regexMatch $setting.pattern .text -}}
{{- if and $good $setting.maxLength -}}{{- $good = le (len .text) (int $setting.maxLength) -}}{{- end -}}
{{- if and $good $setting.measure -}}
{{- $amount := 0.0 -}}
{{- if eq $setting.measure "number" -}}{{- $amount = float64 .text -}}{{- else -}}{{- $amount = float64 (include "upsell.milliseconds" .text) -}}{{- end -}}
{{- if not (and $setting.orZero (eq $amount 0.0)) -}}
{{- $good = and (ge $amount (float64 $setting.min)) (le $amount (float64 $setting.max)) -}}
{{- end -}}
{{- end -}}
{{- if not $good -}}{{- untitle $setting.advice -}}{{- end -}}
{{- end -}}

{{- /* The same of a text as a flag or a variable has it: a list has commas, and what Kubernetes puts in for $(NAME) is not known yet. */ -}}
{{- define "upsell.textRefusal" -}}
{{- $setting := .setting -}}
{{- if or (not .text) (contains "$(" .text) -}}
{{- else if eq $setting.shape "list" -}}
{{- $entries := list -}}
{{- range splitList "," .text -}}{{- with trim . -}}{{- $entries = append $entries . -}}{{- end -}}{{- end -}}
{{- $refusal := "" -}}
{{- if and $setting.notEmpty (not $entries) -}}{{- $refusal = untitle $setting.advice -}}{{- end -}}
{{- range $entries -}}{{- $refusal = default $refusal (include "upsell.refusal" (dict "setting" $setting "text" .)) -}}{{- end -}}
{{- $refusal -}}
{{- else -}}
{{- include "upsell.refusal" . -}}
{{- end -}}
{{- end -}}

{{- /* The value of `setting`, as JSON with the one key `value`. */ -}}
{{- define "upsell.valueOf" -}}
{{- $value := .root.Values -}}
{{- range splitList "." .setting.value -}}{{- $value = index $value . -}}{{- end -}}
{{- toJson (dict "value" $value) -}}
{{- end -}}

{{- define "upsell.checkSettings" -}}
{{- $settings := .Files.Get "files/settings.json" | fromJsonArray -}}
{{- $byFlag := dict -}}{{- $byVariable := dict -}}
{{- range $setting := $settings -}}
{{- $_ := set $byFlag $setting.flag $setting -}}{{- $_ := set $byVariable $setting.variable $setting -}}
{{- if and $setting.value (has $setting.shape (list "text" "list")) -}}
{{- $value := (include "upsell.valueOf" (dict "root" $ "setting" $setting) | fromJson).value -}}
{{- $isList := kindIs "slice" $value -}}
{{- /* A port and a number of seconds are not what the flag has; the schema has their range. */ -}}
{{- if or $isList (kindIs "string" $value) -}}
{{- range $text := ($isList | ternary $value (list $value)) -}}
{{- with and $text (include "upsell.refusal" (dict "setting" $setting "text" (toString $text))) -}}
{{- fail (printf "%s %s %q: %s" $setting.value ($isList | ternary "has" "is") $text .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $arg := .Values.extraArgs -}}
{{- $flag := trimPrefix "--" (first (splitList "=" $arg)) -}}
{{- $setting := get $byFlag $flag -}}
{{- if not $setting -}}
{{- fail (printf "extraArgs has %q: the operator has no flag --%s, see docs/reference/settings.md." $arg $flag) -}}
{{- end -}}
{{- if and (not (contains "=" $arg)) (ne $setting.shape "boolean") -}}
{{- fail (printf "extraArgs has %q: write it with its value, as --%s=value." $arg $flag) -}}
{{- end -}}
{{- include "upsell.checkExtra" (dict "what" (printf "extraArgs has %q" $arg) "setting" $setting "text" (contains "=" $arg | ternary (trimPrefix (printf "--%s=" $flag) $arg) "")) -}}
{{- end -}}
{{- range $entry := .Values.extraEnv -}}
{{- $setting := get $byVariable $entry.name -}}
{{- if and $setting (ne $entry.name "KUBECONFIG") -}}
{{- include "upsell.checkExtra" (dict "what" (printf "extraEnv has %s=%q" $entry.name (default "" $entry.value)) "setting" $setting "text" (default "" $entry.value)) -}}
{{- end -}}
{{- if eq $entry.name "NODE_OPTIONS" -}}
{{- include "upsell.checkNodeOptions" (dict "what" "extraEnv has NODE_OPTIONS" "text" (default "" $entry.value)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "upsell.checkExtra" -}}
{{- if .setting.dependent -}}
{{- $instead := ne .setting.value "" | ternary (printf "set %s instead" .setting.value) "the lease is in the release's namespace" -}}
{{- fail (printf "%s, but %s would not follow: %s." .what .setting.dependent $instead) -}}
{{- end -}}
{{- with include "upsell.textRefusal" . -}}{{- fail (printf "%s: %s" $.what .) -}}{{- end -}}
{{- end -}}

{{- /* Options with which node starts; others, and values that node refuses, would end the pod before its first line. */ -}}
{{- define "upsell.checkNodeOptions" -}}
{{- $option := join "|" (list
  "max-old-space-size-percentage=([1-9][0-9]?|100)"
  "max-(old-space|heap|semi-space)-size=[1-9][0-9]{0,5}"
  "(enable-source-maps|expose-gc|abort-on-uncaught-exception|disable-sigusr1|disable-wasm-trap-handler)"
  "(no-warnings|no-deprecation|trace-(warnings|deprecation|uncaught|exit|sigint|sync-io|tls))"
  "disable-warning=[A-Za-z0-9_]+"
  "unhandled-rejections=(strict|throw|warn|none|warn-with-error-codes)"
  "use-(openssl|system)-ca"
  "tls-min-v1[.][23]"
  "dns-result-order=(ipv4first|ipv6first|verbatim)"
  "(no-)?network-family-autoselection"
  "network-family-autoselection-attempt-timeout=[1-9][0-9]{1,5}"
  "max-http-header-size=[1-9][0-9]{3,6}"
  "stack-trace-limit=[0-9]{1,4}"
  "v8-pool-size=[0-9]{1,2}"
  "report-(on-fatalerror|on-signal|uncaught-exception|compact|exclude-env|exclude-network)"
  "heapsnapshot-near-heap-limit=[1-9]"
  "(report-directory|diagnostic-dir)=/[-A-Za-z0-9_./]*"
) -}}
{{- range regexSplit "[ ]+" (trim .text) -1 -}}
{{- if and . (not (contains "$(" .)) (not (regexMatch (printf "^--(%s)$" $option) .)) -}}
{{- fail (printf "%s: %q is no option of node, or not one that is known to start it; see nodeOptions in the chart's README." $.what .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The arguments of the container, as a JSON array: what the user gives in extraArgs or extraEnv takes the place of the chart's own. */ -}}
{{- define "upsell.args" -}}
{{- $root := . -}}
{{- $given := list -}}
{{- range .Values.extraArgs -}}{{- $given = append $given (trimPrefix "--" (first (splitList "=" .))) -}}{{- end -}}
{{- $variables := list -}}
{{- range .Values.extraEnv -}}{{- $variables = append $variables .name -}}{{- end -}}
{{- $args := list "run" -}}
{{- range $setting := .Files.Get "files/settings.json" | fromJsonArray -}}
{{- $text := include "upsell.textOf" (dict "root" $root "setting" $setting) -}}
{{- if and $text (not (has $setting.flag $given)) (not (has $setting.variable $variables)) -}}
{{- $args = append $args (and (eq $setting.shape "boolean") (eq $text "true") | ternary (printf "--%s" $setting.flag) (printf "--%s=%s" $setting.flag $text)) -}}
{{- end -}}
{{- end -}}
{{- toJson (concat $args .Values.extraArgs) -}}
{{- end -}}

{{- /* What the flag of a setting says; empty: the flag is left out. */ -}}
{{- define "upsell.textOf" -}}
{{- $flag := .setting.flag -}}{{- $values := .root.Values -}}
{{- if eq $flag "acronis-credentials-dir" -}}
{{- $own := false -}}
{{- range $values.extraEnv -}}{{- if has .name (list "ACRONIS_URL" "ACRONIS_CLIENT_ID" "ACRONIS_CLIENT_SECRET") -}}{{- $own = true -}}{{- end -}}{{- end -}}
{{- if not $own -}}/etc/acronis-upsell-operator/credentials{{- end -}}
{{- else if eq $flag "leader-election-id" -}}
{{- if $values.leaderElection.enabled -}}{{- include "upsell.leaseName" .root -}}{{- end -}}
{{- else if eq $flag "metrics-bind-address" -}}
{{- if $values.metrics.enabled -}}:{{ int $values.metrics.port }}{{- else -}}0{{- end -}}
{{- else if eq $flag "health-probe-bind-address" -}}
:{{ int $values.probes.port }}
{{- else if eq $flag "shutdown-grace" -}}
{{ max 1 (sub (int $values.terminationGracePeriodSeconds) 10) }}s
{{- else if .setting.value -}}
{{- $value := (include "upsell.valueOf" . | fromJson).value -}}
{{- if kindIs "slice" $value -}}
{{- join "," $value -}}
{{- else if eq .setting.shape "boolean" -}}
{{- if ne (toString $value) .setting.byDefault -}}{{- $value -}}{{- end -}}
{{- else if kindIs "string" $value -}}
{{- $value -}}
{{- else -}}
{{- toJson $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
