/** What is counted of AcronisAccounts. No label grows with them: no account, namespace or data center ever is one. */
import { accountReasons, feedReasons } from '../../api/account/conditions.ts';
import { conditionReason } from '../../api/conditions.ts';
import { conditionOf } from '../../api/status.ts';
import type { AccountStore } from '../../fleet/accounts/account-objects.ts';

export interface AccountMetrics {
  /** How many there are by reason of a condition; asked for when the page is read. */
  countAccounts(count: () => AccountCounts): void;
}

export interface AccountCounts {
  readonly ready: ReadonlyMap<string, number>;
  readonly feed: ReadonlyMap<string, number>;
}

/** 0 for reasons that none has. */
export function countAccounts(store: Pick<AccountStore, 'values'>): AccountCounts {
  const ready = new Map<string, number>(accountReasons.map((reason) => [reason, 0]));
  const feed = new Map<string, number>(feedReasons.map((reason) => [reason, 0]));
  const add = (counts: Map<string, number>, reason: string) => counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const { status } of store.values()) {
    add(ready, conditionReason(status.conditions));
    const reason = conditionOf(status, 'ChangeFeed')?.reason;
    if (reason !== undefined) add(feed, reason);
  }
  return { ready, feed };
}
