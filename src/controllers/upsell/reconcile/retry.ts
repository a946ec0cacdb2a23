/** When an object is reconciled again, by how the last reconcile ended. Nothing is ever given up. */
import { meaningOfVerdict, type Verdict } from '../../../api/conditions.ts';
import type { BackoffPolicy } from '../../../base/backoff.ts';
import type { Result } from '../../../runtime/controller/controller.ts';

/** What passes by itself. */
export const soon: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 5 * 60_000, jitter: 0.5 };
/** An outage, which ends for all immediately: the circuit of the account keeps the tries cheap, so no object need wait long for having failed often. */
export const untilReachable: BackoffPolicy = { ...soon, ceilingMs: 60_000 };
/** What may appear at any moment, and of which no change is reported: a user who is created later. */
export const untilItAppears: BackoffPolicy = { baseMs: 10_000, factor: 2, ceilingMs: 90_000, jitter: 0.2 };
/** What waits for a person. A change of the object, its Secret, its namespace or its user is seen immediately all the same. */
export const slowly: BackoffPolicy = { baseMs: 30_000, factor: 2, ceilingMs: 15 * 60_000, jitter: 0.2 };

/** @param atLeastMs not before that: what Acronis asked for, or how long a refused write is held. */
export function resultOf(verdict: Verdict, atLeastMs?: number): Result {
  const { ready } = meaningOfVerdict(verdict);
  // True, Suspended and NotAssigned (of Observe) are settled: an edit, drift or the resync brings the next reconcile.
  if (ready !== 'False' || verdict.reason === 'NotAssigned') return { kind: 'done' };
  return retry(policyOf(verdict), atLeastMs);
}

/** The same for a deletion that is held: it is tried often, since the caller who deleted the object waits for it. */
export function resultOfHeld({ reason }: Verdict, atLeastMs?: number): Result {
  return retry(reason === 'Unavailable' ? untilReachable : soon, atLeastMs);
}

function policyOf(verdict: Verdict): BackoffPolicy {
  if (verdict.reason === 'UserNotFound') return untilItAppears;
  if (verdict.reason === 'Unavailable') return untilReachable;
  return meaningOfVerdict(verdict).stalled ? slowly : soon;
}

const retry = (policy: BackoffPolicy, atLeastMs?: number): Result => ({
  kind: 'retry',
  policy,
  ...(atLeastMs === undefined ? {} : { atLeastMs }),
});
