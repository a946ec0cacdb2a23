/** The side of Acronis: whose credentials, over which connections they are sent, the accounts that follow from them, and their branding. */
import { createConnections } from '../../acronis/http/connections.ts';
import { createDispatcher, createSend } from '../../acronis/http/http.ts';
import type { ProxySettings } from '../../acronis/http/proxy-settings.ts';
import { readOnly } from '../../acronis/http/read-only.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config/config.ts';
import { createAccounts } from '../../fleet/accounts/accounts.ts';
import { createLimits, maxConcurrency } from '../../fleet/accounts/limits.ts';
import { createBrands } from '../../fleet/brands/brands.ts';
import type { OwnCredentials } from '../../fleet/credentials/read.ts';
import { createCredentialSources } from '../../fleet/credentials/sources.ts';
import type { Metrics } from '../../observability/metrics/interfaces.ts';
import type { Fence } from '../../runtime/leaderelection/fence.ts';
import type { Cluster } from './cluster.ts';

export interface AcronisOptions {
  readonly config: Config;
  readonly own: OwnCredentials;
  readonly proxy: ProxySettings | undefined;
  readonly userAgent: string;
  readonly cluster: Pick<Cluster, 'client' | 'watch'>;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type Acronis = Omit<ReturnType<typeof createAcronis>, 'close'>;

export function createAcronis(options: AcronisOptions) {
  const { config, own, proxy, userAgent, cluster, fence, clock, random, log, metrics } = options;
  const { fleet, accounts: accountObjects } = cluster.watch;
  const lifetime = new AbortController();

  const sources = createCredentialSources({
    own,
    policy: { hosts: config.acronisHosts, insecure: config.allowInsecureAcronis },
    client: cluster.client,
    secretOf: (source) => accountObjects.secretOf(source),
    clock,
    log,
  });
  const egress = { privateHosts: config.acronisAllowPrivateHosts, anyAddress: config.allowInsecureAcronis, proxy };
  const connect = () => {
    const open = () => createDispatcher(egress, maxConcurrency, clock);
    const connections = createConnections({ open, clock });
    const send = createSend({ clock, connections, userAgent, beforeSend: fence.check });
    return { send: config.dryRun ? readOnly(send) : send, close: () => connections.close() };
  };
  const accounts = createAccounts({
    writesOf: (port) => port,
    connect,
    limitsOf: createLimits({
      accountObjects,
      sources,
      byDefault: { concurrency: config.acronisConcurrency, rate: config.acronisRate },
      clock,
    }),
    clock,
    random,
    metrics: metrics.acronis,
    log,
    lifetime: lifetime.signal,
  });
  metrics.acronis.countOpenCircuits(() => accounts.openCircuits);
  const brands = createBrands({
    fleet,
    sources,
    accounts,
    intervalMs: config.brandInterval,
    clock,
    lifetime: lifetime.signal,
  });

  return {
    sources,
    accounts,
    brands,
    async close(): Promise<void> {
      try {
        await accounts.close();
      } finally {
        lifetime.abort(new Error('The operator stops.'));
      }
    },
  };
}
