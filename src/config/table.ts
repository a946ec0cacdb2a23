/**
 * The one table of settings. `run --help` and its parsers, docs/reference/settings.md, and of the chart: the schema of its values, the arguments of the pod and
 * what its templates refuse, all come from here. A setting that has a value in the chart has the same default there (a test compares them).
 */
import { logFormats, logLevels } from '../observability/log/levels.ts';
import type { Kind } from './form.ts';
import * as kinds from './kinds.ts';

/** Where the chart has it. */
export interface InChart {
  /** The value's path. */
  readonly value: string;
  /**
   * What depends on it besides the flag, so that giving the flag alone, through `extraArgs` or `extraEnv`, would break something: the templates set it by hand and
   * refuse it there.
   */
  readonly dependent?: string;
}

export interface Setting {
  /** The environment variable has the same name in upper snake case. */
  readonly flag: `--${string}`;
  readonly placeholder: string;
  readonly kind: Kind;
  /** As one writes it; absent: there is none. */
  readonly byDefault?: string;
  readonly group: 'Acronis' | 'Work' | 'Process';
  /** For `--help`. */
  readonly help: string;
  /** For the documentation: sentences, in Markdown. The range is added to it. */
  readonly description: string;
  /** In words, where the kind has one. */
  readonly range?: string;
  readonly chart?: InChart;
}

const intervalRange = '`1s` to `168h`';

export const settings: readonly Setting[] = [
  {
    flag: '--acronis-credentials-dir',
    placeholder: '<dir>',
    kind: kinds.text,
    group: 'Acronis',
    help: 'read the own API client from the files url, clientID and clientSecret here',
    description:
      'Instead of the three above: a directory with files `url`, `clientID`, `clientSecret`, read again every 10 s.',
  },
  {
    flag: '--account-namespace',
    placeholder: '<name>',
    kind: kinds.namespace,
    group: 'Acronis',
    help: "where AcronisAccounts and their Secrets are (default: the pod's namespace, else default)",
    description:
      "The one namespace where [AcronisAccounts](../guide/accounts.md) and their Secrets are. Not set: the pod's, else the kubeconfig context's, else `default`.",
    chart: { value: 'accounts.namespace', dependent: 'the right to their Secrets' },
  },
  {
    flag: '--acronis-hosts',
    placeholder: '<list>',
    kind: kinds.hosts,
    byDefault: '*.acronis.com,*.acronis.cloud',
    group: 'Acronis',
    help: 'hosts that credentials may be sent to',
    description:
      'Hosts that credentials may be sent to, whatever a Secret says: names without scheme, port and path, or `*.` in front of a whole domain.',
    chart: { value: 'acronis.hosts' },
  },
  {
    flag: '--acronis-allow-private-hosts',
    placeholder: '<list>',
    kind: kinds.optionalHosts,
    byDefault: '',
    group: 'Acronis',
    help: 'hosts whose names may lead to private addresses',
    description:
      'Hosts of the list above whose names may lead to private addresses: [an egress gateway, a mesh, DNS of your own](#the-way-out). https and the list above stay.',
    chart: { value: 'acronis.allowPrivateHosts' },
  },
  {
    flag: '--allow-insecure-acronis',
    placeholder: '[boolean]',
    kind: kinds.boolean,
    byDefault: 'false',
    group: 'Acronis',
    help: 'allow http and any host, for the sandbox',
    description: 'http and any host. For the sandbox.',
    chart: { value: 'acronis.allowInsecure' },
  },
  {
    flag: '--acronis-concurrency',
    placeholder: '<n>',
    kind: kinds.count(256),
    byDefault: '8',
    group: 'Acronis',
    help: 'concurrent requests, per account',
    description: 'Concurrent requests, per account. Halved when Acronis throttles, and grows back.',
    range: '`1` to `256`',
    chart: { value: 'acronis.concurrency' },
  },
  {
    flag: '--acronis-rate',
    placeholder: '<n>',
    kind: kinds.rate,
    byDefault: '0',
    group: 'Acronis',
    help: 'requests per second, per account; 0 = no limit',
    description: 'Requests per second, per account; 0 = no limit.',
    range: '`0.1` to `1000`',
    chart: { value: 'acronis.rate' },
  },
  {
    flag: '--concurrency',
    placeholder: '<n>',
    kind: kinds.count(512),
    byDefault: '64',
    group: 'Work',
    help: 'objects reconciled concurrently, per account',
    description: 'Objects reconciled concurrently, per account.',
    range: '`1` to `512`',
    chart: { value: 'reconcile.concurrency' },
  },
  {
    flag: '--drift-interval',
    placeholder: '<duration>',
    kind: kinds.interval,
    byDefault: '15s',
    group: 'Work',
    help: 'how often the change feed is asked',
    description: 'How often the change feed is asked what changed in Acronis.',
    range: intervalRange,
    chart: { value: 'reconcile.driftInterval' },
  },
  {
    flag: '--resync-interval',
    placeholder: '<duration>',
    kind: kinds.interval,
    byDefault: '1h',
    group: 'Work',
    help: 'how often every object is verified',
    description: 'Within this time every object is verified once.',
    range: intervalRange,
    chart: { value: 'reconcile.resyncInterval' },
  },
  {
    flag: '--brand-interval',
    placeholder: '<duration>',
    kind: kinds.interval,
    byDefault: '10m',
    group: 'Work',
    help: 'how often branding is read again, for its Buy URL',
    description:
      'How often the branding in force for the tenants of company administrators is read again, for its Buy URL.',
    range: intervalRange,
    chart: { value: 'reconcile.brandInterval' },
  },
  {
    flag: '--revoke-give-up-after',
    placeholder: '<duration>',
    kind: kinds.giveUp,
    byDefault: '1h',
    group: 'Work',
    help: 'release a deleted object after this time; 0 = never',
    description: 'A deleted object whose types cannot be revoked is released after this time; `0` = never.',
    range: '`1s` to `8760h`',
    chart: { value: 'reconcile.revokeGiveUpAfter' },
  },
  {
    flag: '--require-tenant-label',
    placeholder: '[boolean]',
    kind: kinds.boolean,
    byDefault: 'false',
    group: 'Work',
    help: 'refuse namespaces without the label upsell.acronis.com/tenant-id',
    description: 'Refuse namespaces without the label `upsell.acronis.com/tenant-id`: [Tenants](../guide/tenants.md).',
    chart: { value: 'reconcile.requireTenantLabel' },
  },
  {
    flag: '--dry-run',
    placeholder: '[boolean]',
    kind: kinds.boolean,
    byDefault: 'false',
    group: 'Work',
    help: 'write nothing but the lease, and say what would be written',
    description:
      'Write nothing, to either side, but the lease: [what would be written](../guide/running.md#dry-run) is in the log and in `acronis_upsell_would_write_total`.',
    chart: { value: 'reconcile.dryRun' },
  },
  {
    flag: '--watch-namespaces',
    placeholder: '<list>',
    kind: kinds.namespaces,
    byDefault: '',
    group: 'Work',
    help: 'serve these namespaces only',
    description: 'Serve these namespaces only. Not set: all.',
    chart: { value: 'watch.namespaces', dependent: 'the rights' },
  },
  {
    flag: '--watch-selector',
    placeholder: '<selector>',
    kind: kinds.selector,
    group: 'Work',
    help: 'serve objects with these labels only',
    description: 'Serve objects with these labels only. Not set: all.',
    chart: { value: 'watch.selector' },
  },
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

/** `--log-level` is LOG_LEVEL. */
export const variableOf = (flag: string): string => flag.slice(2).replaceAll('-', '_').toUpperCase();
