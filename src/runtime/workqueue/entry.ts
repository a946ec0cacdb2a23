/** All that the work queue knows of one key. There may be one for every object in the cluster, so it is kept small and of one shape. */
import type { BackoffPolicy } from '../../base/backoff.ts';
import type { Flow } from './flow.ts';

/** Failures are counted for each policy apart: having waited for a person does not slow down what passes by itself. */
export interface Failures {
  readonly policy: BackoffPolicy;
  count: number;
  readonly next: Failures | undefined;
}

export interface Entry {
  readonly key: string;
  /** Where it waits: nowhere, for its time, to be handed out, or until it is given back (it is in flight and was added again). */
  state: 'none' | 'delayed' | 'ready' | 'dirty';
  inFlight: boolean;
  /** Whether it holds one of the places that all flows share. */
  holdsPlace: boolean;
  /** Whose work it is. It changes only on becoming ready. */
  flow: Flow | undefined;
  /** The priority as a number, 0 the most urgent. */
  rank: number;
  /** Undefined where there are none. */
  failures: Failures | undefined;
  /** Delayed: when it is due. Ready or dirty: since when. */
  at: number;
  takenAt: number;
  /** Its heap index while delayed. */
  heapIndex: number;
  /** Its neighbours in the list while ready. */
  previous: Entry | undefined;
  next: Entry | undefined;
}

export const newEntry = (key: string): Entry => ({
  key,
  state: 'none',
  inFlight: false,
  holdsPlace: false,
  flow: undefined,
  rank: 0,
  failures: undefined,
  at: 0,
  takenAt: 0,
  heapIndex: -1,
  previous: undefined,
  next: undefined,
});

export function countFailures(entry: Entry | undefined): number {
  let count = 0;
  for (let each = entry?.failures; each !== undefined; each = each.next) count += each.count;
  return count;
}

/** Counts one more failure under the policy. @returns how many there were before it. */
export function addFailure(entry: Entry, policy: BackoffPolicy): number {
  for (let each = entry.failures; each !== undefined; each = each.next) {
    if (each.policy === policy) return each.count++;
  }
  entry.failures = { policy, count: 1, next: entry.failures };
  return 0;
}
