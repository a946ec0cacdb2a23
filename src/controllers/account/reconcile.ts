/**
 * One reconcile of one AcronisAccount: what is seen of it now, judged with what was seen before, and reported where that is something else. It is sampled
 * again and again, since nothing else says that an account got well or ill; a sample costs no request while all is well, and writes nothing.
 */
import { type AccountHealth, accountReasons, feedReasons } from '../../api/account/conditions.ts';
import type { AcronisAccount } from '../../api/account/object.ts';
import type { AccountStatus } from '../../api/account/status.ts';
import { conditionOf } from '../../api/status.ts';
import type { BackoffPolicy } from '../../base/backoff.ts';
import { isConflict, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import type { Result } from '../../runtime/controller/controller.ts';
import type { AccountContext } from './context.ts';
import { judge, type Memory, nothingSeen } from './health.ts';
import { report } from './report.ts';
import { type ClientMemory, see } from './sample.ts';

const sampleEvery: BackoffPolicy = { baseMs: 5_000, factor: 1, ceilingMs: 5_000, jitter: 0.1 };
const afterTrouble: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 60_000, jitter: 0.5 };

interface Known {
  readonly uid: string;
  readonly memory: Memory;
  readonly client: ClientMemory | undefined;
}

export function createAccountReconcile(context: AccountContext): (key: string, signal: AbortSignal) => Promise<Result> {
  const { accountObjects, clock, log } = context;
  const known = new Map<string, Known>();
  // What was written last, until the watch brings the same.
  const written = new WeakMap<AcronisAccount, AccountStatus>();
  return async (key, signal) => {
    const cached = accountObjects.store.get(key);
    if (cached === undefined) {
      known.delete(key);
      return { kind: 'done' };
    }
    const account = { ...cached, status: written.get(cached) ?? cached.status };
    const last = known.get(key);
    const { memory, client }: Omit<Known, 'uid'> =
      last?.uid === account.uid ? last : { memory: nothingSeen, client: undefined };
    try {
      const seen = await see(account, context, client, signal);
      const before = {
        ready: conditionOf(account.status, 'Ready')?.reason,
        feed: conditionOf(account.status, 'ChangeFeed')?.reason,
      };
      const options = { driftIntervalMs: context.driftIntervalMs, now: clock.now() };
      const judged = judge(seen.sample, before, memory, options);
      known.set(key, { uid: account.uid, memory: judged.memory, client: seen.client });
      const health = asBefore(judged.health, account.status);
      const findings = { health, url: seen.url, tenantID: seen.tenantID };
      const status = await report(account, findings, context, signal);
      if (status !== cached.status) written.set(cached, status);
      return { kind: 'retry', policy: sampleEvery };
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      const fields = { account: key, status: error.status, error: error.message };
      if (isConflict(error) || isNotFound(error))
        log.debug('the account changed meanwhile; it is reconciled again', fields);
      else log.warn('the API server refused or failed; the account is reconciled again', fields);
      return { kind: 'retry', policy: afterTrouble };
    }
  };
}

/** What is not said again stays as it is. */
function asBefore({ ready, feed }: Partial<AccountHealth>, status: AccountStatus): AccountHealth {
  const stored = { ready: conditionOf(status, 'Ready'), feed: conditionOf(status, 'ChangeFeed') };
  const readyReason = accountReasons.find((reason) => reason === stored.ready?.reason) ?? 'Pending';
  const feedReason = feedReasons.find((reason) => reason === stored.feed?.reason);
  return {
    ready: ready ?? { reason: readyReason, message: stored.ready?.message ?? '' },
    feed: feed ?? (feedReason === undefined ? undefined : { reason: feedReason, message: stored.feed?.message ?? '' }),
  };
}
