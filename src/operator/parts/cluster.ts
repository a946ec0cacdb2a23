/** The cluster side: the clients of the API server, from the one that may do everything to the one that is fenced, and what is watched. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config/config.ts';
import { countAccounts } from '../../controllers/account/metrics.ts';
import { countPolicies } from '../../controllers/policy/metrics.ts';
import { createWatch } from '../../fleet/cache/cache.ts';
import { countByReason, notReadySince } from '../../fleet/cache/objects.ts';
import { countOffers } from '../../fleet/cache/offers.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import { createKubernetesClient } from '../../kubernetes/calls/http-client.ts';
import { readOnly } from '../../kubernetes/calls/read-only.ts';
import { createRefusalMonitor } from '../../kubernetes/calls/refusal-monitor.ts';
import type { Connection } from '../../kubernetes/connection/connection.ts';
import type { Metrics } from '../../observability/metrics/interfaces.ts';
import type { Fence } from '../../runtime/leaderelection/fence.ts';

export interface ClusterOptions {
  readonly config: Config;
  readonly connection: Connection;
  readonly userAgent: string;
  readonly fence: Fence;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type Cluster = ReturnType<typeof createCluster>;

export function createCluster({ config, connection, userAgent, fence, clock, random, log, metrics }: ClusterOptions) {
  const rights = createRefusalMonitor(
    createKubernetesClient({ connection, clock, metrics: metrics.kubernetes, userAgent }),
    clock,
    log,
  );
  const { client } = rights;
  const working = config.dryRun ? readOnly(client) : client;
  const fenced: KubernetesClient = {
    request: (call, signal) => working.request({ ...call, beforeSend: fence.check }, signal),
    watch: working.watch.bind(working),
  };
  const watch = createWatch({
    namespaces: config.watchNamespaces,
    labelSelector: config.watchSelector,
    accountNamespace: config.accountNamespace ?? connection.namespace,
    client,
    clock,
    random,
    log,
    metrics: metrics.reflector,
  });
  const { fleet, policies, accounts } = watch;
  metrics.upsell.countObjects(() => countByReason(fleet));
  metrics.upsell.countOffers(() => countOffers(fleet));
  metrics.upsell.countUnserved(() => watch.unserved().length);
  metrics.upsell.watchNotReady(() => notReadySince(fleet));
  metrics.account.countAccounts(() => countAccounts(accounts.store));
  metrics.policy.countPolicies(() => countPolicies(policies));

  return {
    rights,
    /** The lease and reads. */
    client,
    /** All but the lease: in a dry run nothing is written with it. */
    working,
    /** Writes of reconciles: none leaves a process that may have lost the lease. */
    fenced,
    watch,
  };
}
