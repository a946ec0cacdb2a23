/** The page of metrics with every series on it: one call of every method, since a family whose labels are not known beforehand has no series until it is used. */
import type { Metrics } from '../../src/observability/metrics/interfaces.ts';
import { createPrometheus } from '../../src/observability/metrics/prometheus.ts';
import { ManualClock } from './manual-clock.ts';

export async function pageOfAllMetrics(): Promise<string> {
  const prometheus = createPrometheus({
    clock: new ManualClock(),
    version: '1.2.3',
    upsell: { controller: 'things', maxConcurrentReconciles: 1 },
    account: { controller: 'acronisaccount', maxConcurrentReconciles: 16 },
    policy: { controller: 'tenantupsellpolicy', maxConcurrentReconciles: 16 },
    kubernetesHost: 'api:6443',
    leaderElectionId: 'things',
  });
  countEachOnce(prometheus.metrics);
  const { text } = await prometheus.page();
  return text;
}

function countEachOnce(metrics: Metrics): void {
  const { controller, queue, account, policy, reflector, kubernetes, acronis, upsell, leading } = metrics;
  controller.reconciled('success', 1);
  controller.panicked();
  controller.activeWorkers(1);
  reflector.watchEvent('things');
  reflector.listed('things', 1);
  reflector.watchFailed('things', 'Expired');
  queue.added();
  queue.depth(1);
  queue.waited(1);
  queue.worked(1);
  queue.retried();
  account.countAccounts(() => ({ ready: new Map([['Connected', 1]]), feed: new Map([['Following', 1]]) }));
  policy.countPolicies(() => ({
    byReason: new Map([['Applied', 1]]),
    matched: 1,
    children: 1,
    notReadySince: 1,
  }));
  policy.watchProgress(() => 1);
  policy.childChanged('made');
  policy.passEnded('complete', 1);
  kubernetes.requested('GET', '200', 1);
  acronis.requested('token', 'ok', 1);
  acronis.throttled(1);
  acronis.countOpenCircuits(() => 1);
  upsell.wrote('assign', 'applied');
  upsell.wouldWrite('assign');
  upsell.driftFound(1);
  upsell.driftCorrected(1);
  upsell.becameReady(1);
  upsell.feedAge(1);
  upsell.resyncDone();
  upsell.revocationGivenUp();
  upsell.eventDropped();
  upsell.countObjects(async () => new Map([['BuyerAssigned', 1]]));
  upsell.watchNotReady(async () => ({ stalled: 1, passing: 1 }));
  upsell.countOffers(async () => ({
    byOffer: new Map([['BuyNow', 1]]),
    byInformed: new Map([['QuotaNotificationsOff', 1]]),
    tenantsWithoutBuyUrl: 1,
  }));
  upsell.forecast(async () => ({ feed: 1, resync: 1, brands: 1 }));
  leading(true);
}
