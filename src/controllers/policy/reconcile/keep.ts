/** A policy's children, kept as its last complete pass says: what is owed, what of it may be done now, and what that means for the condition. */
import type { PolicyVerdict } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Counts } from '../children/counts.ts';
import type { PolicyContext } from '../context.ts';
import type { Memories, Memory } from '../memory.ts';
import type { Pass } from '../pass/pass.ts';
import type { Served } from '../standing.ts';
import { childrenRefused } from '../verdicts.ts';
import { ChildrenRefused, takenMs } from './apply.ts';
import { noteBrake } from './approval.ts';
import { countSteps, type Owing, owingOf, verdictOfOwing } from './owe.ts';
import type { PassesOptions } from './passes.ts';
import type { PolicyWrites } from './port.ts';

export interface KeepOptions {
  readonly context: PolicyContext;
  readonly memories: Memories;
  readonly writes: PolicyWrites;
  /** As for passes. */
  readonly onMembers: PassesOptions['onMembers'];
}

export interface Kept {
  readonly verdict: PolicyVerdict;
  /** Of the children, as they were when this was planned. */
  readonly counts: Counts;
  /** When something that is owed or waits may be done. */
  readonly nextMs: number;
}

/** Removals act on a list that ended no longer ago, however long it took to read; else it is read again first. */
const freshMs = 60_000;
/**
 * So many children are asked for together of younger policies: where the API server then refuses this one's own, no more users are without. Also they are
 * without for as long only as it takes to make so many.
 */
const maxAsked = 500;
/** So long an older policy's list is waited for. One that cannot be read must not hold up those of other accounts; what it matches is handed over later. */
const maxAwaitMs = 5 * 60_000;
/** How long until it is asked for again. */
const awaitOlderMs = 1_000;
/** The cache is asked again for what was made. */
const pendingMs = 1_000;
/** Children that the API server refused are asked for again. */
const refusedMs = 5_000;

/** @throws KubernetesError, or the signal's reason; what was done is found by the next reconcile. */
export async function keepChildren(
  policy: TenantUpsellPolicy,
  served: Served,
  pass: Pass,
  memory: Memory,
  { context, memories, writes, onMembers }: KeepOptions,
  signal: AbortSignal,
): Promise<Kept> {
  const { clock } = context;
  const owing = owingOf(policy, served, pass, memory, { ...context, memories });
  const { plan, children, counts } = owing;
  const isAwaiting = awaits(owing, memory, clock);
  noteBrake(policy, plan.held, memory);
  for (const [id, until] of memory.pending) if (children.has(id) || clock.now() >= until) memory.pending.delete(id);
  for (const [id, uid] of memory.gone) if (children.get(id)?.object.uid !== uid) memory.gone.delete(id);
  for (const id of memory.taken.keys()) if (children.has(id) || !pass.users.has(id)) memory.taken.delete(id);
  for (const id of memory.asked) if (children.has(id) || !pass.users.has(id)) memory.asked.delete(id);
  for (const id of memory.letThrough) if (pass.users.has(id) || !children.has(id)) memory.letThrough.delete(id);
  const { isReal } = writes;
  // Something changed since the list, perhaps one of those that would go.
  const isOld = memory.wantedAt !== undefined || clock.now() - pass.endedAt >= freshMs;
  const mustPass = isReal && !isAwaiting && plan.remove.length > 0 && isOld;
  if (mustPass) memory.wantedAt ??= clock.now();
  else if (plan.held.approved && !isAwaiting) await writes.useApproval(policy, plan.remove, memory, signal);
  const steps = { ...plan, make: isAwaiting ? [] : plan.make, remove: mustPass || isAwaiting ? [] : plan.remove };
  const end = await refusable(writes.apply(policy, steps, { owing, memory }, signal));
  if (end instanceof ChildrenRefused) {
    memory.takes = new Set();
    const { status, message } = end.first;
    context.log.warn('the API server refuses children of the policy', { policy: policy.key, status, error: message });
    return { verdict: childrenRefused(status), counts, nextMs: refusedMs };
  }
  const takenBefore = memory.takes;
  // Where users cannot be listed its own children may not work either.
  const mayAsk = !isAwaiting && memory.failure === undefined;
  memory.takes = new Set(mayAsk ? plan.takes.slice(0, maxAsked) : []);
  for (const id of memory.takes) memory.asked.add(id);
  if (plan.takes.some((id) => memory.takes.has(id) && !takenBefore.has(id))) onMembers(policy);
  const isDue = countSteps(plan) > 0 || memory.pending.size > 0;
  // What waits for a list or for an older policy has its own time.
  const isInFlight = countSteps(steps) > 0 || memory.pending.size > 0;
  return {
    verdict: verdictOfOwing(policy, served, pass, owing, isDue),
    counts,
    nextMs: Math.min(
      end.isLeft ? 0 : Number.POSITIVE_INFINITY,
      isAwaiting ? awaitOlderMs : Number.POSITIVE_INFINITY,
      isReal && isInFlight ? pendingMs : Number.POSITIVE_INFINITY,
      isReal && plan.held.taken > 0 ? takenMs : Number.POSITIVE_INFINITY,
      isReal && plan.held.waiting > 0 && plan.held.waitMs > 0
        ? Math.max(pendingMs, plan.held.waitMs)
        : Number.POSITIVE_INFINITY,
    ),
  };
}

/** Whether what is new, and what would go, waits for an older policy's list. */
function awaits({ plan, isAwaitingOlder }: Owing, memory: Memory, clock: Pick<Clock, 'now'>): boolean {
  memory.awaitingSince = isAwaitingOlder ? (memory.awaitingSince ?? clock.now()) : undefined;
  if (memory.awaitingSince === undefined || clock.now() - memory.awaitingSince >= maxAwaitMs) return false;
  return plan.make.length + plan.takes.length + plan.remove.length > 0;
}

async function refusable(applied: Promise<boolean>): Promise<{ readonly isLeft: boolean } | ChildrenRefused> {
  try {
    return { isLeft: await applied };
  } catch (error) {
    if (error instanceof ChildrenRefused) return error;
    throw error;
  }
}
