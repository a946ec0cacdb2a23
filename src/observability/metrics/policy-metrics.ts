/** Policies in numbers. */
import type { Registry } from 'prom-client';
import type { Clock } from '../../base/clock.ts';
import type { ChildChange, PassEnd, PolicyCounts, PolicyMetrics } from '../../controllers/policy/metrics.ts';
import type { WouldWriteCounter } from './operator-metrics.ts';
import { counter, gauge, histogram } from './series.ts';

const childChanges: readonly ChildChange[] = ['made', 'updated', 'removed', 'handedOver'];
const passEnds: readonly PassEnd[] = ['complete', 'incomplete', 'failed'];

export function policyMetrics(
  registry: Registry,
  clock: Pick<Clock, 'wall'>,
  wouldWrite: WouldWriteCounter,
): PolicyMetrics {
  let count = (): PolicyCounts => ({ byReason: new Map(), matched: 0, children: 0, notReadySince: undefined });
  const policies = gauge(
    registry,
    'acronis_upsell_policies',
    'TenantUpsellPolicies by the reason of their condition Ready.',
    ['reason'],
    () => {
      for (const [reason, number] of count().byReason) policies.of(reason).set(number);
    },
  );
  const users = gauge(
    registry,
    'acronis_upsell_policy_users',
    'Users that match the policies, and the TenantUserUpsells that policies keep, as their statuses say.',
    ['kind'],
    () => {
      const { matched, children } = count();
      users.of('matched').set(matched);
      users.of('children').set(children);
    },
  );
  const notReady = gauge(
    registry,
    'acronis_upsell_policy_not_ready_seconds',
    'For how long the policy has not been Ready that is so for longest; 0 where all are.',
    [],
    () => {
      const { notReadySince } = count();
      notReady.of().set(notReadySince === undefined ? 0 : Math.max(0, (clock.wall() - notReadySince) / 1_000));
    },
  );
  let progress = (): number | undefined => undefined;
  const noProgress = gauge(
    registry,
    'acronis_upsell_policy_no_progress_seconds',
    'For how long the policy that is Pending or Progressing has changed none of its children that does so for longest; 0 where none is.',
    [],
    () => {
      const since = progress();
      noProgress.of().set(since === undefined ? 0 : Math.max(0, (clock.wall() - since) / 1_000));
    },
  );
  const changes = counter(
    registry,
    'acronis_upsell_policy_children_total',
    'TenantUserUpsells that policies made, updated, removed, or handed over to another object of the same user.',
    ['change'],
  );
  for (const change of childChanges) changes.of(change);
  const passes = histogram(
    registry,
    'acronis_upsell_policy_pass_seconds',
    'How long it took to list all users of a policy, by how that ended.',
    ['result'],
    [0.1, 0.5, 1, 5, 15, 60, 300, 1_800],
  );
  for (const end of passEnds) passes.of(end);
  return {
    childChanged: (change) => changes.of(change).inc(),
    wouldChangeChild: (change) => wouldWrite.of(change).inc(),
    passEnded: (end, seconds) => passes.of(end).observe(seconds),
    countPolicies(counted) {
      count = counted;
    },
    watchProgress(since) {
      progress = since;
    },
  };
}
