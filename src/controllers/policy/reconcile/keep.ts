/** A policy's children, kept as its last complete pass says: the plan, what of it may be done now, and what that means for the condition. */

import type { PolicyVerdict } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import { childrenOf } from '../children/children.ts';
import { templateOf } from '../children/template.ts';
import type { PolicyContext } from '../context.ts';
import type { Memories, Memory } from '../memory.ts';
import { isAwaitingOlder, othersOf } from '../others.ts';
import type { Pass } from '../pass/pass.ts';
import { plan } from '../plan/plan.ts';
import type { Served } from '../standing.ts';
import { verdictOf } from '../verdicts.ts';
import { applySlice } from './apply.ts';
import { useApproval } from './approval.ts';

export interface KeepOptions {
  readonly context: PolicyContext;
  readonly memories: Memories;
}

export interface Kept {
  readonly verdict: PolicyVerdict;
  /** When something that is owed or waits may be done. */
  readonly nextMs: number;
}

/** Removals act on a list that is no older; else it is read again first. */
const freshMs = 60_000;
/** How long until an older policy's first pass is asked for again. */
const awaitOlderMs = 1_000;
/** The cache is asked again for what was made. */
const pendingMs = 1_000;

/** @throws KubernetesError, or the signal's reason; what was done is found by the next reconcile. */
export async function keepChildren(
  policy: TenantUpsellPolicy,
  { spec, client: listedBy }: Served,
  pass: Pass,
  memory: Memory,
  { context, memories }: KeepOptions,
  signal: AbortSignal,
): Promise<Kept> {
  const { fleet, policies, clock } = context;
  const template = templateOf(policy, spec, inheritedBy(policy, context), listedBy);
  const children = childrenOf(policy, template, fleet);
  for (const [id, until] of memory.pending) if (children.has(id) || clock.now() >= until) memory.pending.delete(id);
  const owed = plan({
    matched: pass.matched,
    users: pass.users,
    isMatched: (id) => pass.users.has(id),
    children,
    otherOf: othersOf(policy, { fleet, policies, memories }),
    isProved: (id) => pass.proved.has(id),
    isPending: (id) => memory.pending.has(id),
    limits: spec.limits,
    approved: memory.approvalUsedAt === policy.resourceVersion ? undefined : policy.approved,
    isLetThrough: (id) => memory.letThrough.has(id),
    made: memory.made,
    removedAt: memory.removedAt,
    now: clock.wall(),
  });
  const mustPass = owed.remove.length > 0 && clock.now() - pass.startedAt >= freshMs;
  if (mustPass) memory.wantedAt = clock.now();
  else if (owed.held.approved) await useApproval(policy, owed.remove, memory, context, signal);
  const isAwaiting = owed.make.length > 0 && isAwaitingOlder(policy, { policies, memories });
  const steps = { ...owed, make: isAwaiting ? [] : owed.make, remove: mustPass ? [] : owed.remove };
  const isLeft = await applySlice(
    steps,
    {
      template,
      children,
      memory,
      context,
      isCurrent() {
        const now = policies.get(policy.key);
        return now?.uid === policy.uid && now.generation === policy.generation;
      },
    },
    signal,
  );
  const count = owed.make.length + owed.update.length + owed.remove.length + owed.handOver.length;
  const isDue = count > 0 || memory.pending.size > 0;
  const live = [...children.values()].filter(({ deletedAt }) => deletedAt === undefined).length;
  return {
    verdict: verdictOf(policy, spec, { matched: pass.matched, children: live, isDue, held: owed.held }),
    nextMs: Math.min(
      isLeft ? 0 : Number.POSITIVE_INFINITY,
      isAwaiting ? awaitOlderMs : Number.POSITIVE_INFINITY,
      isDue ? pendingMs : Number.POSITIVE_INFINITY,
      owed.held.waiting > 0 ? Math.max(pendingMs, owed.held.waitMs) : Number.POSITIVE_INFINITY,
    ),
  };
}

/** Without the labels that this operator selects by, a child would not be seen. */
function inheritedBy(
  { labels }: TenantUpsellPolicy,
  { selectorKeys }: PolicyContext,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    selectorKeys.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
