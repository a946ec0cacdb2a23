/** Settings of the process: its lease, its servers, its log, and its end. */
import { logFormats, logLevels } from '../../observability/log/levels.ts';
import * as kinds from '../kinds.ts';
import type { Setting } from './setting.ts';

export const processSettings: readonly Setting[] = [
  {
    flag: '--leader-elect',
    placeholder: '[boolean]',
    kind: kinds.boolean,
    byDefault: 'true',
    group: 'Process',
    help: 'work only while holding the lease',
    description: 'Work only while holding the lease.',
    chart: { value: 'leaderElection.enabled', dependent: 'the number of replicas' },
  },
  {
    flag: '--leader-election-id',
    placeholder: '<name>',
    kind: kinds.objectName,
    group: 'Process',
    help: "the lease's name (default: acronis-upsell-operator; with --watch-selector one of its own for each selector)",
    description:
      "The lease's name. Not set: `acronis-upsell-operator`; with `--watch-selector` a `-` and ten characters follow that stand for the selector, so that instances which split a fleet do not wait for each other.",
    chart: { value: 'leaderElection.id', dependent: 'the right to the lease' },
  },
  {
    flag: '--leader-election-namespace',
    placeholder: '<name>',
    kind: kinds.namespace,
    group: 'Process',
    help: "the lease's namespace (default: the pod's, else default)",
    description: "The lease's namespace. Not set: the pod's, else the kubeconfig context's, else `default`.",
    chart: { value: '', dependent: 'the right to the lease' },
  },
  {
    flag: '--metrics-bind-address',
    placeholder: '<address>',
    kind: kinds.bindAddress,
    byDefault: ':8080',
    group: 'Process',
    help: 'where /metrics is served; 0 = nowhere',
    description: 'Where `/metrics` is served; `0` = nowhere.',
    chart: { value: 'metrics.port', dependent: 'the Service' },
  },
  {
    flag: '--health-probe-bind-address',
    placeholder: '<address>',
    kind: kinds.bindAddress,
    byDefault: ':8081',
    group: 'Process',
    help: 'where /livez and /readyz are served; 0 = nowhere',
    description: 'Where `/livez` and `/readyz` are served; `0` = nowhere. May be the same as the one above.',
    chart: { value: 'probes.port', dependent: 'the probes' },
  },
  {
    flag: '--kubeconfig',
    placeholder: '<file>',
    kind: kinds.text,
    group: 'Process',
    help: "the cluster to serve (default: KUBECONFIG, else the pod's own)",
    description:
      "The cluster to serve. The flag wins, then the files that the variable names, then the pod's own service account, then `~/.kube/config`: [Which cluster](#which-cluster).",
  },
  {
    flag: '--log-level',
    placeholder: '<level>',
    kind: kinds.oneOf(logLevels),
    byDefault: 'info',
    group: 'Process',
    help: logLevels.join(', '),
    description: '`debug`, `info`, `warn`, `error`.',
    chart: { value: 'log.level' },
  },
  {
    flag: '--log-format',
    placeholder: '<format>',
    kind: kinds.oneOf(logFormats),
    byDefault: 'json',
    group: 'Process',
    help: logFormats.join(', '),
    description: '`json`, or `pretty` for a terminal.',
    chart: { value: 'log.format' },
  },
  {
    flag: '--shutdown-grace',
    placeholder: '<duration>',
    kind: kinds.grace,
    byDefault: '20s',
    group: 'Process',
    help: 'how long in-flight reconciles may take to end',
    description:
      "How long in-flight reconciles may take to end after SIGTERM. Keep it below the pod's `terminationGracePeriodSeconds`.",
    range: '`0s` to `1h`',
    chart: { value: 'terminationGracePeriodSeconds', dependent: 'the time until the pod is killed' },
  },
];
