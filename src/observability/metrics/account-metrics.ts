/** AcronisAccounts in numbers. */
import type { Registry } from 'prom-client';
import type { AccountCounts, AccountMetrics } from '../../controllers/account/metrics.ts';
import { gauge } from './series.ts';

export function accountMetrics(registry: Registry): AccountMetrics {
  let count = (): AccountCounts => ({ ready: new Map(), feed: new Map() });
  const accounts = gauge(
    registry,
    'acronis_upsell_accounts',
    'AcronisAccounts by the reason of their condition Ready.',
    ['reason'],
    () => {
      for (const [reason, number] of count().ready) accounts.of(reason).set(number);
    },
  );
  const feeds = gauge(
    registry,
    'acronis_upsell_account_feeds',
    'AcronisAccounts by the reason of their condition ChangeFeed.',
    ['reason'],
    () => {
      for (const [reason, number] of count().feed) feeds.of(reason).set(number);
    },
  );
  return {
    countAccounts(counted) {
      count = counted;
    },
  };
}
