/** Settings of the way to Acronis: whose credentials, which hosts, and how much at a time. */
import * as kinds from '../kinds.ts';
import type { Setting } from './setting.ts';

export const acronisSettings: readonly Setting[] = [
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
];
