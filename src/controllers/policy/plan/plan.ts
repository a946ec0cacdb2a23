/**
 * What a policy owes its children: which to make, which to put right, which to remove, and what holds the rest. Pure: the users that match come from a complete
 * listing, what may go from a proof for each (`../pass/proof.ts`), and the cluster is as the cache has it.
 *
 * Invariants: no child is made beside another object that has the user; none goes without a proof, but those whose user another object has; more removals
 * than the brake allows hold all of them.
 */
import type { PolicySpec } from '../../../api/policy/spec.ts';
import { brakeRemovals, hourMs, limitNew, type Removals } from './brakes.ts';

/** One child as it is now. */
export interface Child {
  /** It says what the policy would write. */
  readonly isCurrent: boolean;
  /** Milliseconds since 1970, as the API server has it. */
  readonly createdAt: number;
  /** It is being deleted. */
  readonly isDeleted: boolean;
}

/** Who has a user besides this policy. */
export type Other =
  /** An object that no policy made: it always wins. */
  | 'handWritten'
  /** An older policy that has a child for the user or is about to make one; without a child of this policy also one that merely matches it. */
  | 'olderPolicy'
  /** An older policy matches the user and may not make its child yet: the one of this policy stays until then. */
  | 'olderPolicyLater'
  /** A younger policy, whose child has the name. It goes once it is asked for. */
  | 'youngerPolicy'
  /** A child of a policy that was deleted, or of one that is not served here; or its name is in the way. It has to go first. */
  | 'nameTaken';

export interface Made {
  readonly userId: string;
  /** Wall time. */
  readonly at: number;
}

export interface PlanInput {
  /** How many users match. */
  readonly matched: number;
  /** Their ids; not all of them where more match than `maxUsers`. */
  readonly users: Iterable<string>;
  isMatched(userId: string): boolean;
  readonly children: ReadonlyMap<string, Child>;
  /** How many of these are not being deleted. */
  readonly live: number;
  otherOf(userId: string): Other | undefined;
  /** Whether it is proved that this user, which has a child, matches no more. */
  isProved(userId: string): boolean;
  /** Whether it may match and is not shown enough to say so: its child stays, and none is made. */
  isUnjudged(userId: string): boolean;
  readonly limits: PolicySpec['limits'];
  readonly approved: number | undefined;
  /** A person let the removal of this user's child through before. */
  isLetThrough(userId: string): boolean;
  /** A younger policy was asked for this user's child, and may have handed it over. */
  isAsked(userId: string): boolean;
  /** Made by this process, and not shown by the cache yet. */
  isPending(userId: string): boolean;
  /** What this process made within the hour: it counts even if it is gone again. */
  readonly made: readonly Made[];
  /** When this process let children go that no person had let through, by wall time. */
  readonly removedAt: readonly number[];
  /** Wall time. */
  readonly now: number;
}

/** What is done to children, by the ids of their users. */
export interface Steps {
  readonly make: readonly string[];
  readonly update: readonly string[];
  /** Their own deletion policy acts. */
  readonly remove: readonly string[];
  /** They go and leave the types: another object has the user. */
  readonly handOver: readonly string[];
}

export interface Plan extends Steps {
  /** Users whose children of younger policies are asked for, to be made in their place: they count as if they were made already. */
  readonly takes: readonly string[];
  readonly held: Held;
}

export interface Held {
  /** All stops: more users match than may. */
  readonly tooMany: boolean;
  /** New children that wait for their hour. */
  readonly waiting: number;
  /** In how many milliseconds one of these may be made. */
  readonly waitMs: number;
  /** Removals that a person has to let through, and why. */
  readonly braked: { readonly count: number; readonly why: 'tooMany' | 'noneLeft' } | undefined;
  /** Children whose user is not shown, so that nothing is proved of it: they stay. */
  readonly unproved: number;
  /** Users that are left to hand-written objects and to older policies. */
  readonly left: number;
  /** Users that match and have no child, since another object has its name. */
  readonly taken: number;
  /** The annotation lets exactly these through. */
  readonly approved: boolean;
}

const nothingHeld: Held = {
  tooMany: false,
  waiting: 0,
  waitMs: 0,
  braked: undefined,
  unproved: 0,
  left: 0,
  taken: 0,
  approved: false,
};

export function plan(input: PlanInput): Plan {
  if (input.matched > input.limits.maxUsers)
    return { make: [], update: [], remove: [], handOver: [], takes: [], held: { ...nothingHeld, tooMany: true } };
  const { wanted, takeable, left, taken } = wantedOf(input);
  const { maxNewPerHour } = input.limits;
  const paced = limitNew({ maxNewPerHour, madeAt: maxNewPerHour === 0 ? [] : madeLately(input), now: input.now });
  const make = wanted.slice(0, paced.count);
  const takes = takeable.slice(0, paced.count - make.length);
  const kept = keptOf(input);
  const through = kept.due.filter((id) => input.isLetThrough(id));
  const due = kept.due.filter((id) => !input.isLetThrough(id));
  const removals = removalsOf(input, due.length);
  const isBraked = removals.kind === 'braked';
  return {
    make,
    update: kept.update,
    remove: isBraked ? through : [...through, ...due],
    handOver: kept.handOver,
    takes,
    held: {
      tooMany: false,
      waiting: wanted.length - make.length + takeable.length - takes.length,
      waitMs: paced.nextMs,
      braked: isBraked ? { count: due.length, why: removals.why } : undefined,
      unproved: kept.unproved,
      left,
      taken: taken + takes.length,
      approved: removals.kind === 'approved',
    },
  };
}

/**
 * Users without a child that are to have one (first those who had one of a younger policy until now), those of them that have one of a younger policy, how many
 * are left to others, and how many wait for a name.
 */
function wantedOf({ users, children, isAsked, isPending, otherOf }: PlanInput) {
  const without: string[] = [];
  const wanted: string[] = [];
  const takeable: string[] = [];
  let left = 0;
  let taken = 0;
  for (const id of users) {
    const other = otherOf(id);
    if (other === 'handWritten' || other === 'olderPolicy') left++;
    else if (children.has(id)) continue;
    else if (other === 'nameTaken') taken++;
    else if (other === 'youngerPolicy') takeable.push(id);
    else if (!isPending(id)) (isAsked(id) ? without : wanted).push(id);
  }
  return { wanted: [...without, ...wanted], takeable, left, taken };
}

function keptOf({ children, isMatched, isProved, isUnjudged, otherOf }: PlanInput) {
  const update: string[] = [];
  const due: string[] = [];
  const handOver: string[] = [];
  let unproved = 0;
  for (const [id, { isCurrent, isDeleted }] of children) {
    if (isDeleted) continue;
    const other = otherOf(id);
    if (other === 'handWritten' || other === 'olderPolicy') handOver.push(id);
    else if (isMatched(id)) {
      if (!isCurrent) update.push(id);
    }
    // Its own deletion policy must not act on a user that the older policy is to have.
    else if (other === 'olderPolicyLater') continue;
    else if (isProved(id)) due.push(id);
    else if (!isUnjudged(id)) unproved++;
  }
  return { update, due, handOver, unproved };
}

function removalsOf({ live, matched, removedAt, limits, approved, now }: PlanInput, due: number): Removals {
  const removedLately = removedAt.filter((at) => now - at < hourMs).length;
  return brakeRemovals({ due, children: live, matched, removedLately, maxPercent: limits.maxRemovals, approved });
}

/** The cache alone outlives this process. */
function madeLately({ children, made }: PlanInput): readonly number[] {
  const times = made.map(({ at }) => at);
  const counted = new Set(made.map(({ userId }) => userId));
  for (const [id, { createdAt }] of children) if (!counted.has(id)) times.push(createdAt);
  return times;
}
