{{- /*
All rules of the release, as `groups`: those of files/rules.yaml, and for each objective the shares that are late in four windows with two alerts on how fast the
budget of 30 days burns (14.4 times as fast as it may, seen over an hour; 6 times, over six). The short window ends an alert soon after the trouble has.
*/ -}}
{{- define "upsell.rules" -}}
{{- $settings := .Values.metrics.prometheusRule -}}
{{- $own := printf "namespace=%q, job=\"%s-metrics\"" .Release.Namespace (include "upsell.fullname" .) -}}
{{- $selector := default $own $settings.selector -}}
{{- $groups := (.Files.Get "files/rules.yaml" | replace "release=\"this\"" $selector | fromYaml).groups -}}
{{- range $name, $objective := include "upsell.objectives" . | fromYaml -}}
{{- $wanted := get $settings.objectives $name -}}
{{- $with := dict "release" (printf "%s/%s" $.Release.Namespace (include "upsell.fullname" $)) "selector" $selector "percent" (float64 $wanted.percent) "within" (float64 $wanted.withinSeconds) -}}
{{- $groups = append $groups (include "upsell.objective" (merge $with $objective) | fromYaml) -}}
{{- end -}}
{{- toYaml (dict "groups" $groups) -}}
{{- end -}}

{{- define "upsell.objectives" -}}
editToReady:
  alert: AcronisUpsellEditToReady
  metric: acronis_upsell_edit_to_ready_seconds
  summary: Edits take too long to become Ready.
  late: edits that became Ready took longer than
driftCorrection:
  alert: AcronisUpsellDriftCorrection
  metric: acronis_upsell_drift_correction_seconds
  summary: Types that another writer removes are put back too late.
  late: types that were put back had been missing for longer than
feedAge:
  alert: AcronisUpsellFeedAge
  metric: acronis_upsell_feed_age_seconds
  summary: Changes at Acronis are seen too late.
  late: polls found the knowledge of an account's changes older than
{{- end -}}

{{- define "upsell.objective" -}}
{{- $recorded := printf "%s:late:ratio_rate" (trimSuffix "_seconds" .metric) -}}
{{- $count := printf "%s_count{%s}" .metric .selector -}}
{{- /* Prometheus 3 writes whole bounds with a decimal. */ -}}
{{- $intime := printf "%s_bucket{%s, le=~\"%v(.0)?\"}" .metric .selector .within -}}
{{- $budget := printf "%.6g" (divf (subf 100 .percent) 100) -}}
name: {{ .metric | trimSuffix "_seconds" | replace "_" "-" }}
rules:
  {{- range $window := list "5m" "30m" "1h" "6h" }}
  - record: {{ $recorded }}{{ $window }}
    labels:
      upsell_release: {{ $.release }}
    expr: >-
      1 - sum by (namespace, job) (rate({{ $intime }}[{{ $window }}]))
      / sum by (namespace, job) (rate({{ $count }}[{{ $window }}]))
  {{- end }}
  {{- $burns := list
    (dict "name" "FastBurn" "rate" "14.4" "long" "1h" "short" "5m" "severity" "critical" "ends" "two days")
    (dict "name" "SlowBurn" "rate" "6" "long" "6h" "short" "30m" "severity" "warning" "ends" "five days") }}
  {{- range $burn := $burns }}
  - alert: {{ $.alert }}{{ $burn.name }}
    # A handful of late ones is no trend, whatever their share.
    expr: >-
      {{ $recorded }}{{ $burn.long }}{upsell_release="{{ $.release }}"} > {{ $burn.rate }} * {{ $budget }}
      and {{ $recorded }}{{ $burn.short }}{upsell_release="{{ $.release }}"} > {{ $burn.rate }} * {{ $budget }}
      and on (namespace, job) sum by (namespace, job) (increase({{ $count }}[{{ $burn.long }}]))
      - sum by (namespace, job) (increase({{ $intime }}[{{ $burn.long }}])) > 4
    for: 2m
    labels:
      severity: {{ $burn.severity }}
    annotations:
      summary: {{ $.summary }}
      description: >-
        {{ "{{ $value | humanizePercentage }}" }} of the {{ $.late }} {{ $.within }} s in the last {{ $burn.long }}; {{ printf "%.6g" (subf 100 $.percent) }} % may, in 30 days.
        At this rate the budget of the 30 days is used up in {{ $burn.ends }}.
  {{- end }}
{{- end -}}
