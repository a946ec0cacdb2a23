{{- /*
The values as the other templates read them; each template begins with it, and it renders nothing. A value that is null is the default or, where it is a map that
is passed on to Kubernetes (resources, a probe, …), left out. files/defaults.yaml is made from values.yaml, since a null takes the default away.
*/ -}}
{{- define "upsell.init" -}}
{{- $file := .Files.Get "files/defaults.yaml" | fromYaml -}}
{{- include "upsell.fill" (dict "values" .Values "defaults" $file.values "passedOn" $file.passedOn "above" "") -}}
{{- include "upsell.check" . -}}
{{- end -}}

{{- define "upsell.fill" -}}
{{- $values := .values -}}
{{- range $key, $default := .defaults -}}
{{- $path := printf "%s%s" $.above $key -}}
{{- $isPassedOn := has $path $.passedOn -}}
{{- if or (not (hasKey $values $key)) (kindIs "invalid" (index $values $key)) -}}
{{- $_ := set $values $key (ternary (dict) $default $isPassedOn) -}}
{{- else if and (not $isPassedOn) (kindIs "map" $default) (kindIs "map" (index $values $key)) -}}
{{- include "upsell.fill" (dict "values" (index $values $key) "defaults" $default "passedOn" $.passedOn "above" (printf "%s." $path)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Milliseconds of a duration, in nanoseconds until the end, as the binary has it: both decide the same at a bound. */ -}}
{{- define "upsell.milliseconds" -}}
{{- $nanoseconds := dict "ms" 1e6 "s" 1e9 "m" 60e9 "h" 3600e9 "d" 86400e9 "w" 604800e9 "y" 31536000e9 -}}
{{- $total := 0.0 -}}
{{- range regexFindAll "[0-9]+([.][0-9]+)?(ms|[smhdwy])" . -1 -}}
{{- $amount := regexFind "^[0-9.]+" . -}}
{{- $total = addf $total (mulf (float64 $amount) (get $nanoseconds (trimPrefix $amount .))) -}}
{{- end -}}
{{- printf "%.6f" (divf $total 1e6) -}}
{{- end -}}

{{- /* `own` and then `given`, as a JSON array in which each `key` comes once: the last one is taken. */ -}}
{{- define "upsell.replaced" -}}
{{- $key := .key -}}
{{- $all := concat .own .given -}}
{{- $last := dict -}}
{{- range $at, $entry := $all -}}{{- $_ := set $last (toString (get $entry $key)) $at -}}{{- end -}}
{{- $kept := list -}}
{{- range $at, $entry := $all -}}
{{- if eq $at (int (get $last (toString (get $entry $key)))) -}}{{- $kept = append $kept $entry -}}{{- end -}}
{{- end -}}
{{- toJson $kept -}}
{{- end -}}

{{- /* Of the proxy, for the network policy. */ -}}
{{- define "upsell.proxyPort" -}}
{{- $proxy := .Values.proxy -}}
{{- $named := regexFind ":[0-9]+/?$" $proxy.httpsProxy | trimPrefix ":" | trimSuffix "/" -}}
{{- if int $proxy.port -}}{{- int $proxy.port -}}
{{- else if $named -}}{{- $named -}}
{{- else if hasPrefix "https:" $proxy.httpsProxy -}}443
{{- else if $proxy.httpsProxy -}}80
{{- else -}}3128
{{- end -}}
{{- end -}}
