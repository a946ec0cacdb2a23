/**
 * The brakes of a policy: how many children may be made now, and whether those that are due may go. Pure. Times are wall times in milliseconds, since children
 * say when they were made in that.
 */
export interface RemovalFacts {
  /** Children whose user is proved to match no more. */
  readonly due: number;
  /** Children that are there, those that are due included. */
  readonly children: number;
  /** How many users match; with none, a listing that says so must be confirmed by a person. */
  readonly matched: number;
  /** How many went within the last hour. */
  readonly removedLately: number;
  /** `limits.maxRemovals` */
  readonly maxPercent: number;
  /** The number in the annotation. */
  readonly approved: number | undefined;
}

export type Removals =
  | { readonly kind: 'free' }
  /** A person let exactly these through. */
  | { readonly kind: 'approved' }
  | { readonly kind: 'braked'; readonly why: 'tooMany' | 'noneLeft' };

export const hourMs = 60 * 60_000;

/** What goes within an hour counts together, so that no brake is passed in small steps. One child may go however few there are, unless none may. */
export function brakeRemovals(facts: RemovalFacts): Removals {
  const { due, children, matched, removedLately, maxPercent, approved } = facts;
  if (due === 0) return { kind: 'free' };
  if (approved === due) return { kind: 'approved' };
  if (matched === 0) return { kind: 'braked', why: 'noneLeft' };
  const share = Math.floor(((children + removedLately) * maxPercent) / 100);
  const allowed = maxPercent === 0 ? 0 : Math.max(1, share);
  return due + removedLately <= allowed ? { kind: 'free' } : { kind: 'braked', why: 'tooMany' };
}

export interface NewFacts {
  /** `limits.maxNewPerHour`; 0 = no limit. */
  readonly maxNewPerHour: number;
  /** When those were made that were made last. */
  readonly madeAt: readonly number[];
  readonly now: number;
}

/** How many children may be made now, and, where that is bounded, in how many milliseconds it may be one more. */
export function limitNew({ maxNewPerHour, madeAt, now }: NewFacts): {
  readonly count: number;
  readonly nextMs: number;
} {
  if (maxNewPerHour === 0) return { count: Number.POSITIVE_INFINITY, nextMs: 0 };
  // Clocks differ: what seems to be made in the future was made just now.
  const lately = madeAt.map((at) => Math.min(at, now)).filter((at) => now - at < hourMs);
  const count = Math.max(0, maxNewPerHour - lately.length);
  if (count > 0) return { count, nextMs: 0 };
  // As many must have left the hour as are there beyond the limit, and one more.
  const leaves = lately.toSorted((a, b) => a - b)[lately.length - maxNewPerHour] ?? now;
  return { count, nextMs: leaves + hourMs - now };
}
