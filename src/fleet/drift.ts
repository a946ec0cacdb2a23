/**
 * Drift: users that somebody else changed. Each account's change feed is asked once per interval; whoever of ours it names in a state that the status
 * does not know is looked at. What this operator wrote itself stands in the status already and costs nothing.
 */

import { AcronisError } from '../acronis/errors.ts';
import type { Shown } from '../acronis/user.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';
import type { Account } from './accounts/accounts.ts';
import type { FleetMetrics } from './metrics.ts';
import type { Fleet } from './objects.ts';

export interface DriftOptions {
  readonly fleet: Fleet;
  readonly queue: Pick<WorkQueue, 'add'>;
  /** The accounts that objects use now. */
  readonly accounts: (signal: AbortSignal) => Promise<readonly Account[]>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: FleetMetrics;
}

/** Runs until the signal is aborted. */
export async function runDrift(options: DriftOptions, signal: AbortSignal): Promise<void> {
  const { clock, intervalMs, log } = options;
  const refused = new Set<string>();
  const underWay = new Map<string, Promise<void>>();

  /** Never rejects. */
  const poll = async (account: Account): Promise<void> => {
    try {
      for await (const users of account.changes.poll(signal)) enqueueDrifted(users, options);
      if (refused.delete(account.id)) log.info('the change feed answers again', { account: account.id });
    } catch (error) {
      if (signal.aborted || refused.has(account.id)) return;
      refused.add(account.id);
      log.warn('the change feed does not answer; drift is found by the full pass (--resync-interval) until it does', {
        account: account.id,
        why: error instanceof AcronisError ? `${error.message} (${error.detail})` : String(error),
      });
    } finally {
      underWay.delete(account.id);
    }
  };

  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal).catch(() => {});
    if (signal.aborted) break;
    const accounts = await options.accounts(signal).catch(() => []);
    // With other credentials it is another account: nothing is left to be said of the old one.
    for (const id of [...refused]) if (!accounts.some((account) => account.id === id)) refused.delete(id);
    for (const account of accounts) {
      // Nobody waits for an account that answers slowly: neither the others, nor its own next turn.
      if (!underWay.has(account.id)) underWay.set(account.id, poll(account));
    }
  }
  await Promise.all(underWay.values());
}

function enqueueDrifted(users: readonly Shown[], { fleet, queue, metrics }: DriftOptions): void {
  let drifted = 0;
  for (const { id, evidence } of users) {
    const version = evidence.kind === 'seen' ? evidence.user.version : undefined;
    for (const key of fleet.byIndex('user', id)) {
      const object = fleet.get(key);
      if (object === undefined || object.status.observedVersion === version) continue;
      drifted++;
      queue.add(key, 'retry');
    }
  }
  if (drifted > 0) metrics.driftFound(drifted);
}
