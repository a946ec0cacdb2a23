/** When an object is looked at again, by how the last look ended. Nothing is ever given up. */
import { meaningOf, type Verdict } from '../../api/conditions.ts';
import type { BackoffPolicy } from '../../base/backoff.ts';
import type { Outcome } from '../../runtime/controller/controller.ts';

/** What passes by itself. */
export const soon: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 5 * 60_000, jitter: 0.5 };
/** Somebody else's trouble, which ends at once: the circuit of the account keeps the tries cheap, so nobody need wait long for having failed often. */
export const untilAnswered: BackoffPolicy = { ...soon, ceilingMs: 60_000 };
/** What waits for a person. A change of the object, its Secret, its namespace or its user is seen at once all the same. */
export const slowly: BackoffPolicy = { baseMs: 30_000, factor: 2, ceilingMs: 15 * 60_000, jitter: 0.2 };

export function outcomeOf(verdict: Verdict, atLeastMs?: number): Outcome {
  const { ready, stalled } = meaningOf(verdict.reason);
  // True, Suspended and NotAssigned (of Observe) are settled: an edit, drift or the full pass brings the next look.
  if (ready !== 'False' || verdict.reason === 'NotAssigned') return { kind: 'done' };
  const policy = stalled ? slowly : verdict.reason === 'Unavailable' ? untilAnswered : soon;
  return { kind: 'retry', policy, ...(atLeastMs === undefined ? {} : { atLeastMs }) };
}
