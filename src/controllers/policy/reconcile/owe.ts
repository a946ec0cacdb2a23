/**
 * What a policy owes its children just now, from its last complete pass and what the cache shows. Nothing is written: the operator, its dry run and `plan` of the
 * command line ask this alike.
 */
import type { PolicyVerdict } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { Clock } from '../../../base/clock.ts';
import { childrenOf, type KnownChild } from '../children/children.ts';
import { type Counts, countChildren } from '../children/counts.ts';
import { type Template, templateOf } from '../children/template.ts';
import type { Memories, Memory } from '../memory.ts';
import { isAwaitingOlder, type OthersOptions, othersOf } from '../others.ts';
import type { Pass } from '../pass/pass.ts';
import { type Plan, plan, type Steps } from '../plan/plan.ts';
import type { Served } from '../standing.ts';
import { verdictOf } from '../verdicts.ts';
import { approvalOf } from './approval.ts';

export interface OweOptions extends Pick<OthersOptions, 'fleet' | 'policies'> {
  /** Keys of the labels by which this operator selects what it serves: a child without them would not be seen. */
  readonly selectorKeys: readonly string[];
  readonly memories: Pick<Memories, 'peek'>;
  readonly clock: Pick<Clock, 'wall' | 'now'>;
}

export interface Owing {
  readonly plan: Plan;
  readonly template: Template;
  readonly children: ReadonlyMap<string, KnownChild>;
  /** Of those that are not being deleted. */
  readonly counts: Counts;
  /** An older policy was not listed yet as it stands: what is new may be its own, and what would go it may be about to take over. */
  readonly isAwaitingOlder: boolean;
}

export function owingOf(
  policy: TenantUpsellPolicy,
  { spec, client }: Pick<Served, 'spec' | 'client'>,
  pass: Pass,
  memory: Memory,
  { fleet, policies, memories, selectorKeys, clock }: OweOptions,
): Owing {
  const template = templateOf(policy, spec, inheritedBy(policy, selectorKeys), client);
  const children = childrenOf(policy, template, fleet, memory.gone);
  const counts = countChildren([...children.values()].flatMap(({ object, isDeleted }) => (isDeleted ? [] : object)));
  const others = othersOf(policy, { fleet, policies, memories });
  const isTaken = (id: string) => (memory.taken.get(id)?.until ?? Number.NEGATIVE_INFINITY) > clock.now();
  const owed = plan({
    matched: pass.matched,
    users: pass.users,
    isMatched: (id) => pass.users.has(id),
    children,
    live: counts.children,
    otherOf: (id) => others(id) ?? (isTaken(id) ? 'nameTaken' : undefined),
    isProved: (id) => pass.proved.has(id),
    isUnjudged: (id) => pass.unjudged.has(id),
    isAsked: (id) => memory.asked.has(id),
    isPending: (id) => (memory.pending.get(id) ?? Number.NEGATIVE_INFINITY) > clock.now(),
    limits: spec.limits,
    approved: approvalOf(policy, memory),
    isLetThrough: (id) => memory.letThrough.has(id),
    made: memory.made,
    removedAt: memory.removedAt,
    now: clock.wall(),
  });
  return {
    plan: owed,
    template,
    children,
    counts,
    isAwaitingOlder: isAwaitingOlder(policy, { policies, memories }),
  };
}

/** How the policy is while this is owed. @param isDue something is left to be done now. */
export function verdictOfOwing(
  policy: TenantUpsellPolicy,
  { spec }: Pick<Served, 'spec'>,
  { matched, unjudged }: Pass,
  { plan: { held }, counts }: Owing,
  isDue: boolean,
): PolicyVerdict {
  return verdictOf(policy, spec, { matched, unjudged, children: counts.children, isDue, held });
}

export const countSteps = ({ make, update, remove, handOver }: Steps): number =>
  make.length + update.length + remove.length + handOver.length;

/** Without the labels that this operator selects by, a child would not be seen. */
function inheritedBy({ labels }: TenantUpsellPolicy, keys: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
