/** The three controllers, each with a queue of its own, on what they share: the cluster, the accounts, events, and the loops that keep accounts true. */
import { acronisAccounts, tenantUpsellPolicies, tenantUserUpsells } from '../../api/names.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Tracer } from '../../base/tracer.ts';
import type { Config } from '../../config/config.ts';
import { MissingLinks } from '../../controllers/upsell/report/missing-links.ts';
import { connectAccountTriggers } from '../../controllers/upsell/triggers/account-triggers.ts';
import { connectTriggers } from '../../controllers/upsell/triggers/triggers.ts';
import { createFlows } from '../../fleet/flows.ts';
import { createFailureReports } from '../../fleet/status/failure-reports.ts';
import { PrunedFields } from '../../fleet/status/pruned-fields.ts';
import { createWritesInFlight } from '../../fleet/status/writes-in-flight.ts';
import { selectorKeys } from '../../kubernetes/calls/label-selector.ts';
import type { EventRecorder } from '../../kubernetes/events/recorder.ts';
import type { Metrics } from '../../observability/metrics/interfaces.ts';
import { WorkQueue } from '../../runtime/workqueue/queue.ts';
import { createAccountController, maxAccountReconciles } from '../account-controller.ts';
import { createAccountLoops } from '../account-loops.ts';
import type { Controller, Loop } from '../loops.ts';
import { createPolicyController, maxPolicyReconciles } from '../policy-controller.ts';
import { createUpsellController } from '../upsell-controller.ts';
import type { Acronis } from './acronis.ts';
import type { Cluster } from './cluster.ts';

export interface ControllersOptions {
  readonly config: Config;
  readonly cluster: Cluster;
  readonly acronis: Acronis;
  readonly events: EventRecorder;
  readonly tracer: Tracer | undefined;
  /** Reconciles in flight give up when it is aborted. */
  readonly hardStop: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Controllers {
  readonly controllers: readonly Controller[];
  /** What they share and what runs beside them. */
  readonly loops: readonly Loop[];
  /** Of each kind: the fields of its status that the CRD in the cluster lacks. */
  readonly pruned: readonly PrunedFields[];
}

/** Of all objects of one account: a whole fleet that fails at the same moment comes back over minutes, and what people change meanwhile does not wait behind it. */
const retryRate = { perSecond: 100, burst: 1_000 };

export function createControllers(options: ControllersOptions): Controllers {
  const { config, cluster, acronis, events, tracer, hardStop, clock, random, log, metrics } = options;
  const { fleet, namespaces, policies, accounts: accountObjects } = cluster.watch;
  const { sources, accounts, brands } = acronis;
  const { requireTenantLabel, dryRun, driftInterval: driftIntervalMs, resyncInterval: resyncIntervalMs } = config;
  const shared = { client: cluster.fenced, sources, accounts, accountObjects, events, clock, log };
  const pruned = {
    upsell: new PrunedFields({ resource: tenantUserUpsells, clock, log }),
    account: new PrunedFields({ resource: acronisAccounts, clock, log }),
    policy: new PrunedFields({ resource: tenantUpsellPolicies, clock, log }),
  };
  const accountLoops = createAccountLoops({ ...shared, fleet, policies, driftIntervalMs, metrics: metrics.upsell });

  const flows = createFlows({ objects: fleet, sources, accounts });
  const writesInFlight = createWritesInFlight(flows.flowOf);
  const upsell = createUpsellController({
    context: {
      ...shared,
      fleet,
      brands,
      namespaces,
      requireTenantLabel,
      revokeGiveUpAfterMs: config.revokeGiveUpAfter,
      failureReports: createFailureReports({ flowOf: flows.flowOf, clock }),
      writesInFlight,
      pruned: pruned.upsell,
      missingLinks: new MissingLinks(events, fleet),
      metrics: metrics.upsell,
    },
    queue: new WorkQueue({
      clock,
      random,
      metrics: metrics.queue,
      maxInFlight: config.concurrency,
      flowOf: flows.flowOf,
      room: (flow) => Math.min(flows.roomOf(flow), writesInFlight.roomOf(flow)),
      retryRate,
    }),
    triggers: (verifier) => {
      connectTriggers({ fleet, namespaces, accountObjects, verifier });
      connectAccountTriggers({ fleet, namespaces, accountObjects, sources, verifier });
    },
    accountLoops,
    brands,
    brandIntervalMs: config.brandInterval,
    driftIntervalMs,
    resyncIntervalMs,
    controllerMetrics: metrics.controller,
    dryRun,
    tracer,
    hardStop,
  });

  const account = createAccountController({
    context: { ...shared, pruned: pruned.account, driftIntervalMs },
    namespace: accountObjects.namespace,
    queue: new WorkQueue({
      clock,
      random,
      metrics: metrics.account.queue,
      maxInFlight: maxAccountReconciles,
      flowOf: (key) => key,
    }),
    accountLoops,
    controllerMetrics: metrics.account.controller,
    hardStop,
  });

  const policyFlows = createFlows({ objects: policies, sources, accounts });
  const policy = createPolicyController({
    context: {
      ...shared,
      policies,
      fleet,
      pruned: pruned.policy,
      namespaces,
      requireTenantLabel,
      selectorKeys: config.watchSelector === undefined ? [] : selectorKeys(config.watchSelector),
      resyncIntervalMs,
      metrics: metrics.policy,
    },
    queue: new WorkQueue({
      clock,
      random,
      metrics: metrics.policy.queue,
      maxInFlight: maxPolicyReconciles,
      flowOf: policyFlows.flowOf,
    }),
    accountLoops,
    controllerMetrics: metrics.policy.controller,
    dryRun,
    hardStop,
  });

  return {
    // The health of accounts is nothing but writes.
    controllers: dryRun ? [upsell, policy] : [upsell, account, policy],
    loops: accountLoops.loops,
    pruned: Object.values(pruned),
  };
}
