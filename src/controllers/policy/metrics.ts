/** What is counted of policies. No label grows with them: no policy, user, tenant or namespace ever is one. */
import { conditionReason } from '../../api/conditions.ts';
import { meaningOfPolicy, policyReasons } from '../../api/policy/conditions.ts';
import { conditionOf } from '../../api/status.ts';
import type { PolicyStore } from '../../fleet/cache/policies.ts';
import type { Memories } from './memory.ts';

export type ChildChange = 'made' | 'updated' | 'removed' | 'handedOver';
/** What `--dry-run` would have done to a child. */
export type WouldChangeChild = 'makeChild' | 'updateChild' | 'removeChild' | 'handOverChild';
export type PassEnd = 'complete' | 'incomplete' | 'failed';

export interface PolicyMetrics {
  childChanged(change: ChildChange): void;
  wouldChangeChild(change: WouldChangeChild): void;
  /** All users of a selection were listed, or were to be. */
  passEnded(end: PassEnd, seconds: number): void;
  /** Asked for when the page is read. */
  countPolicies(count: () => PolicyCounts): void;
  /** Since when the policy that is Pending or Progressing and makes no progress for longest makes none; asked for when the page is read. */
  watchProgress(since: () => number | undefined): void;
}

export interface PolicyCounts {
  /** By the reason of Ready. */
  readonly byReason: ReadonlyMap<string, number>;
  /** As the statuses say, all together. */
  readonly matched: number;
  readonly children: number;
  /** Since when the policy that is not Ready for longest is so, by wall time in milliseconds. */
  readonly notReadySince: number | undefined;
}

/** 0 for reasons that none has. */
export function countPolicies(policies: Pick<PolicyStore, 'values'>): PolicyCounts {
  const byReason = new Map<string, number>(policyReasons.map((reason) => [reason, 0]));
  let matched = 0;
  let children = 0;
  let notReadySince: number | undefined;
  for (const { status } of policies.values()) {
    const reason = conditionReason(status.conditions);
    byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    matched += status.matched ?? 0;
    children += status.children ?? 0;
    const ready = conditionOf(status, 'Ready');
    if (ready?.status !== 'False') continue;
    const since = Date.parse(ready.lastTransitionTime);
    notReadySince = notReadySince === undefined ? since : Math.min(notReadySince, since);
  }
  return { byReason, matched, children, notReadySince };
}

/**
 * Since when the policy makes no progress that makes none for longest, of those that are to: Pending or Progressing, and no child of theirs is made, changed or
 * removed. One that waits for `maxNewPerHour` makes some every hour. By wall time in milliseconds; undefined where there is none.
 */
export function noProgressSince(
  policies: Pick<PolicyStore, 'values'>,
  memories: Pick<Memories, 'peek'>,
): number | undefined {
  let earliest: number | undefined;
  for (const { key, createdAt, status } of policies.values()) {
    const reason = conditionReason(status.conditions);
    if (reason !== 'Pending' && reason !== 'Progressing') continue;
    const transition = Date.parse(conditionOf(status, 'Ready')?.lastTransitionTime ?? '') || 0;
    const since = Math.max(createdAt, transition, memories.peek(key)?.doneAt ?? 0);
    earliest = Math.min(earliest ?? since, since);
  }
  return earliest;
}

/** Whether it is well, or waits for nothing but its turn. */
export const isWell = (reason: (typeof policyReasons)[number]): boolean => meaningOfPolicy(reason).status !== 'False';
