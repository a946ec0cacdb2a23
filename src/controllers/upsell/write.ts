/**
 * The write to Acronis: read, plan, PUT with the revision that was read. A stale revision or an answer that never came leads back to the
 * read, at most three times, so that no change of somebody else is lost and none of ours is sent twice.
 */

import { AcronisError } from '../../acronis/errors.ts';
import type { Revision, User } from '../../acronis/user.ts';
import type { Account } from '../../fleet/accounts/accounts.ts';
import type { Plan } from './plan.ts';

/** One applied write: the revision before and after it. */
export interface Applied {
  readonly from: Revision;
  readonly to: Revision;
}

export type WriteResult =
  /** The plan, made from this very user, asks for nothing more. */
  | {
      readonly kind: 'settled';
      readonly user: User;
      readonly plan: Exclude<Plan, { kind: 'write' }>;
      readonly applied?: Applied;
    }
  | { readonly kind: 'gone' }
  /** 200, but the user in the answer is not as it was sent. */
  | { readonly kind: 'notApplied'; readonly user: User }
  /** Somebody else wrote between each read and write. */
  | { readonly kind: 'conflict' };

export interface WriteOptions {
  readonly account: Account;
  /** The user as just read. */
  readonly user: User;
  readonly decide: (user: User) => Promise<Plan>;
  /** Called before each PUT; what must be true before anything is assigned. */
  readonly prepare: () => Promise<void>;
  /** Told of every PUT: the audit trail. `to` is undefined where no answer said so. */
  readonly record: (from: Revision, to: Revision | undefined, outcome: string) => void;
}

const mostAttempts = 3;

/** @throws AcronisError where the API could not be asked or said no; the signal's reason once it is aborted. */
export async function write(options: WriteOptions, signal: AbortSignal): Promise<WriteResult> {
  const { account, decide, prepare, record } = options;
  let user: User = options.user;
  /** The revision that an unanswered PUT was sent with. */
  let unanswered: Revision | undefined;
  for (let attempt = 1; ; attempt++) {
    const plan = await decide(user);
    if (plan.kind !== 'write') {
      if (unanswered === undefined || plan.kind === 'refuse') return { kind: 'settled', user, plan };
      // The PUT that got no answer was applied after all.
      record(unanswered, user.version, 'confirmed');
      return { kind: 'settled', user, plan, applied: { from: unanswered, to: user.version } };
    }
    if (attempt > mostAttempts) return { kind: 'conflict' };
    await prepare();
    const from = plan.change.version;
    let sent = false;
    let answer: User | undefined;
    try {
      answer = await account.api.putBusinessTypes(user.id, plan.change, signal, () => {
        sent = true;
      });
      if (answer !== undefined) {
        const settled = await decide(answer);
        if (settled.kind === 'write') {
          record(from, answer.version, 'notApplied');
          return { kind: 'notApplied', user: answer };
        }
        record(from, answer.version, 'applied');
        return { kind: 'settled', user: answer, plan: settled, applied: { from, to: answer.version } };
      }
      // A 2xx without a user: the read shows what became of it.
      record(from, undefined, 'unknown');
      unanswered = from;
    } catch (error) {
      if (!(error instanceof AcronisError)) {
        // Stopped, or the API server failed in between.
        if (sent) record(from, answer?.version, answer === undefined ? 'unknown' : 'applied');
        throw error;
      }
      if (sent) record(from, undefined, error.outcomeUnknown ? 'unknown' : error.kind);
      if (error.kind === 'notFound') return { kind: 'gone' };
      const again = error.kind === 'conflict' || error.outcomeUnknown;
      if (!again) throw error;
      if (error.outcomeUnknown) unanswered = from;
      if (error.outcomeUnknown && attempt === mostAttempts) throw error;
    }
    const evidence = await account.users.read(user.id, signal);
    if (evidence.kind !== 'seen') return { kind: 'gone' };
    user = evidence.user;
  }
}
