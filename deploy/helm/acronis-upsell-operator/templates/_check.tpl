{{- /* What a schema cannot say, or cannot say in a sentence. It renders nothing. */ -}}
{{- define "upsell.check" -}}
{{- include "upsell.checkSettings" . -}}
{{- include "upsell.checkNodeOptions" (dict "what" "nodeOptions is refused" "text" .Values.nodeOptions) -}}
{{- include "upsell.checkNames" . -}}
{{- include "upsell.checkCredentials" . -}}
{{- include "upsell.checkAccounts" . -}}
{{- include "upsell.checkEgress" . -}}
{{- include "upsell.checkMonitoring" . -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) -}}
{{- fail "replicas is more than 1 and leaderElection.enabled is false: two pods would do the same work. Turn leader election on, or take one replica." -}}
{{- end -}}
{{- if not (or .Values.image.repository .Values.image.registry) -}}
{{- fail "image.repository is empty, and no image is published with this chart: build one with the Dockerfile, push it where your cluster pulls from, and set image.repository to its name. The chart of a release names the image that was published with it." -}}
{{- end -}}
{{- if not (or .Values.image.tag .Values.image.digest .Chart.AppVersion) -}}
{{- fail "image.tag and image.digest are empty, and the chart has no appVersion." -}}
{{- end -}}
{{- with .Values.strategy.rollingUpdate -}}
{{- if and (has (toString .maxSurge) (list "0" "0%")) (has (toString .maxUnavailable) (list "0" "0%")) (ne $.Values.strategy.type "Recreate") -}}
{{- fail "strategy.rollingUpdate has maxSurge and maxUnavailable of 0: no pod could ever be replaced. Make one of them 1." -}}
{{- end -}}
{{- end -}}
{{- range $key, $label := include "upsell.selectorLabels" . | fromYaml | merge (dict "app.kubernetes.io/component" "operator") -}}
{{- with get $.Values.podLabels $key -}}
{{- if ne . $label -}}
{{- fail (printf "podLabels has %s: %s, but the Deployment finds its pods by %s: leave it out, or change nameOverride." $key . $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "upsell.checkNames" -}}
{{- range $key := list "nameOverride" "fullnameOverride" -}}
{{- with get $.Values $key -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .) -}}
{{- fail (printf "%s is %q: write lower-case letters, digits and -, beginning with a letter and not ending with -." $key .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $names := dict "serviceAccount.name" .Values.serviceAccount.name "credentials.existingSecret" .Values.credentials.existingSecret "priorityClassName" .Values.priorityClassName
  "proxy.httpsProxySecret.name" .Values.proxy.httpsProxySecret.name "extraCA.configMap" .Values.extraCA.configMap "extraCA.secret" .Values.extraCA.secret -}}
{{- range $key, $name := $names -}}
{{- if and $name (not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" $name)) -}}
{{- fail (printf "%s is %q: write the name of an object, of lower-case letters, digits, - and dots between them." $key $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "upsell.checkCredentials" -}}
{{- $credentials := .Values.credentials -}}
{{- $given := list -}}{{- $missing := list -}}
{{- range $key := list "url" "clientID" "clientSecret" -}}
{{- if get $credentials $key }}{{ $given = append $given (printf "credentials.%s" $key) }}{{ else }}{{ $missing = append $missing (printf "credentials.%s" $key) }}{{ end -}}
{{- end -}}
{{- if and $credentials.existingSecret $given -}}
{{- fail (printf "credentials.existingSecret and %s are both set: give the Secret's name or the values, not both." (join ", " $given)) -}}
{{- end -}}
{{- if eq $credentials.existingSecret (include "upsell.ownSecretName" .) -}}
{{- fail (printf "credentials.existingSecret is %q, the name of the Secret that the chart makes itself: Helm would delete it when it is given no values any more. Leave existingSecret empty where you make this Secret by hand, or give yours another name." $credentials.existingSecret) -}}
{{- end -}}
{{- if and $given $missing -}}
{{- fail (printf "The credentials are not complete, there is no %s: give all of url, clientID and clientSecret, or credentials.existingSecret instead." (join " and no " $missing)) -}}
{{- end -}}
{{- with $credentials.url -}}{{- include "upsell.checkUrl" (dict "url" . "acronis" $.Values.acronis) -}}{{- end -}}
{{- $perObject := $credentials.perObjectSecrets -}}
{{- if and (not $perObject.enabled) (or $perObject.namespaces $perObject.names) -}}
{{- fail "credentials.perObjectSecrets has namespaces or names but is not enabled: set credentials.perObjectSecrets.enabled to true, or remove them." -}}
{{- end -}}
{{- if $.Values.watch.namespaces -}}
{{- range $perObject.namespaces -}}
{{- if not (has . $.Values.watch.namespaces) -}}
{{- fail (printf "credentials.perObjectSecrets.namespaces has %q, which is not in watch.namespaces: no object there is served, so its Secrets are not needed." .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "upsell.checkAccounts" -}}
{{- $accounts := .Values.accounts -}}
{{- if and $accounts.secrets.names (not $accounts.secrets.enabled) -}}
{{- fail "accounts.secrets has names but is not enabled: set accounts.secrets.enabled to true, or remove them." -}}
{{- end -}}
{{- range $name, $spec := $accounts.create -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" $name) -}}
{{- fail (printf "accounts.create has %q: write the name of an object, of lower-case letters, digits, - and dots between them." $name) -}}
{{- end -}}
{{- if not (kindIs "invalid" $spec) -}}
{{- if not (default (dict) $spec.credentialsSecretRef).name -}}
{{- fail (printf "accounts.create.%s has no credentialsSecretRef.name: name the Secret with the keys url, clientID and clientSecret." $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Helm looks kinds up before it makes anything. Where it only renders, it knows no cluster, and what applies the objects has an order of its own. */ -}}
{{- if and $accounts.create (not (.Capabilities.APIVersions.Has "upsell.acronis.com/v1alpha1/AcronisAccount")) -}}
{{- if lookup "v1" "ServiceAccount" .Release.Namespace "default" -}}
{{- fail "accounts.create needs the CRD of AcronisAccounts in the cluster before: install the release once without it, or apply deploy/crds.yaml first." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* As the binary judges a URL, but for what it has in front of its host, which must not be shown. */ -}}
{{- define "upsell.checkUrl" -}}
{{- $why := "" -}}
{{- $url := trim .url -}}
{{- $rest := regexReplaceAll "^[a-zA-Z]+://" $url "" -}}
{{- $host := first (regexSplit "[/?#]" $rest -1) -}}
{{- $path := trimPrefix $host $rest -}}
{{- $name := lower (regexReplaceAll ":[0-9]*$" $host "") -}}
{{- $allowed := false -}}
{{- range .acronis.hosts -}}
{{- if hasPrefix "*." . -}}
{{- if hasSuffix (lower (trimPrefix "*" .)) $name -}}{{- $allowed = true -}}{{- end -}}
{{- else if eq $name (lower .) -}}{{- $allowed = true -}}
{{- end -}}
{{- end -}}
{{- if contains "@" $rest -}}{{- $why = "it carries a user name or password; leave them out" -}}
{{- else if not (regexMatch "^(/api/2)?/*$" $path) -}}{{- $why = "write the data center's URL without a path" -}}
{{- else if .acronis.allowInsecure -}}
{{- if not (regexMatch "^[hH][tT][tT][pP][sS]?://[^/@?# ]+" $url) -}}{{- $why = "it begins with http:// or https://" -}}{{- end -}}
{{- else if not (regexMatch "^[hH][tT][tT][pP][sS]://" $url) -}}{{- $why = "it begins with https://" -}}
{{- else if contains ":" $host -}}{{- $why = "it names a port; leave it out" -}}
{{- else if not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" $name) -}}{{- $why = "that is no name of a host" -}}
{{- else if not $allowed -}}{{- $why = printf "its host is not in acronis.hosts (%s)" (join ", " .acronis.hosts) -}}
{{- end -}}
{{- if $why -}}
{{- $shown := contains "@" $rest | ternary "credentials.url" (printf "credentials.url is %q" .url) -}}
{{- fail (printf "%s: %s, as in https://eu2-cloud.acronis.com." $shown $why) -}}
{{- end -}}
{{- end -}}

{{- define "upsell.checkEgress" -}}
{{- /* The commonest public suffixes; the operator knows all of them and refuses the rest at its start. */ -}}
{{- range .Values.acronis.hosts -}}
{{- if regexMatch "^[*][.]((co|org|ac|gov)[.]uk|com[.](au|br|cn|mx|sg|tr|tw|hk)|co[.](jp|kr|nz|za|in|il|id|th)|github[.]io|herokuapp[.]com|web[.]app|pages[.]dev|workers[.]dev|vercel[.]app|netlify[.]app)$" (lower .) -}}
{{- fail (printf "acronis.hosts has %q, a public suffix: anyone can have a host below it. Name the domain of your data center, such as *.acronis.com, or its host." .) -}}
{{- end -}}
{{- end -}}
{{- $proxy := .Values.proxy -}}
{{- if and $proxy.httpsProxy $proxy.httpsProxySecret.name -}}
{{- fail "proxy.httpsProxy and proxy.httpsProxySecret.name are both set: give one of them." -}}
{{- end -}}
{{- with $proxy.httpsProxy -}}
{{- if contains "@" . -}}
{{- fail "proxy.httpsProxy carries a user name or password, which everybody could read who may see pods: put the URL into a Secret and name it in proxy.httpsProxySecret." -}}
{{- end -}}
{{- if not (regexMatch "^https?://([-a-zA-Z0-9.]+|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?/?$" .) -}}
{{- fail (printf "proxy.httpsProxy is %q: write a URL such as http://proxy.example.com:3128." .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.extraCA.configMap .Values.extraCA.secret -}}
{{- fail "extraCA.configMap and extraCA.secret are both set: give one of them." -}}
{{- end -}}
{{- end -}}

{{- define "upsell.checkMonitoring" -}}
{{- $metrics := .Values.metrics -}}
{{- range $key := list "serviceMonitor" "prometheusRule" -}}
{{- if and (not $metrics.enabled) (get $metrics $key).enabled -}}
{{- fail (printf "metrics.%s.enabled needs metrics.enabled: there is nothing to scrape without it." $key) -}}
{{- end -}}
{{- end -}}
{{- if and $metrics.enabled (eq (int $metrics.port) (int .Values.probes.port)) -}}
{{- fail (printf "metrics.port and probes.port are both %d: take two ports, so that a NetworkPolicy can tell them apart." (int $metrics.port)) -}}
{{- end -}}
{{- with $metrics.serviceMonitor -}}
{{- if and .interval .scrapeTimeout (gt (float64 (include "upsell.milliseconds" .scrapeTimeout)) (float64 (include "upsell.milliseconds" .interval))) -}}
{{- fail (printf "metrics.serviceMonitor.scrapeTimeout is %s, longer than its interval of %s: Prometheus refuses that." .scrapeTimeout .interval) -}}
{{- end -}}
{{- end -}}
{{- $alerts := list -}}
{{- range (include "upsell.rules" . | fromYaml).groups -}}{{- range .rules -}}{{- with .alert -}}{{- $alerts = append $alerts . -}}{{- end -}}{{- end -}}{{- end -}}
{{- range $name := list "driftCorrection" "feedAge" -}}
{{- $within := (get $metrics.prometheusRule.objectives $name).withinSeconds -}}
{{- if and $metrics.prometheusRule.enabled (lt (mulf 1000 (float64 $within)) (mulf 2 (float64 (include "upsell.milliseconds" $.Values.reconcile.driftInterval)))) -}}
{{- fail (printf "metrics.prometheusRule.objectives.%s.withinSeconds is %v, but changes are asked for every %s (reconcile.driftInterval): write at least twice that, or every one would be late." $name $within $.Values.reconcile.driftInterval) -}}
{{- end -}}
{{- end -}}
{{- range $metrics.prometheusRule.disabled -}}
{{- if not (has . $alerts) -}}
{{- fail (printf "metrics.prometheusRule.disabled has %q, which is no alert of this chart. There are %s." . (join ", " $alerts)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
