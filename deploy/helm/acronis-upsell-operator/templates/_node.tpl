{{- /* Without a memory limit, a percentage would be one of the node's whole memory: the heap has an absolute limit then. */ -}}
{{- define "upsell.nodeOptions" -}}
{{- $limits := dig "limits" dict (.Values.resources | default dict) | default dict -}}
{{- if $limits.memory -}}
{{- .Values.nodeOptions -}}
{{- else -}}
{{- regexReplaceAll "--max-old-space-size-percentage=[0-9.]+" .Values.nodeOptions "--max-old-space-size=1024" -}}
{{- end -}}
{{- end -}}
