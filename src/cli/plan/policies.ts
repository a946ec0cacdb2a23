/**
 * What the operator would do for each policy: which children would come, change and go, and what a brake would hold. Its own parts find it out: where the policy
 * stands, a pass over its users, and what is owed. What one policy would do is seen by the next, until nothing more would happen, as in the cluster.
 */
import { meaningOfPolicy, type PolicyVerdict } from '../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { Clock } from '../../base/clock.ts';
import { liveObjectsOf, usersListedBy } from '../../controllers/policy/children/children.ts';
import { countChildren } from '../../controllers/policy/children/counts.ts';
import { createMemories, type Memory } from '../../controllers/policy/memory.ts';
import { type Lister, type Pass, runPass } from '../../controllers/policy/pass/pass.ts';
import { countSteps, type OweOptions, owingOf, verdictOfOwing } from '../../controllers/policy/reconcile/owe.ts';
import { type Served, type StandingContext, standingOf } from '../../controllers/policy/standing.ts';
import type { Fleet } from '../../fleet/cache/objects.ts';
import { isOlderPolicy } from '../../fleet/cache/policies.ts';
import { type ChangedChild, type ChildChangePlanned, changeChildren } from './children.ts';
import type { WantedPolicy } from './objects.ts';

/** The same for people and for programs. No login, name or e-mail is in it. */
export interface PlannedPolicy {
  readonly namespace: string;
  readonly name: string;
  /** `change`: children would be made, updated or removed. `error`: it waits for a person, or for what failed; of what a brake lets through the numbers speak. */
  readonly action: 'change' | 'none' | 'error';
  /** As the condition Ready would say it. */
  readonly reason: string;
  readonly message: string;
  /** How many users match; absent where they could not be listed. */
  readonly matched?: number;
  /** How many children there are now. */
  readonly children: number;
  readonly make: number;
  readonly update: number;
  readonly remove: number;
  /** They go and leave the types, since another object has the user. */
  readonly handOver: number;
  /** Where it stands in the files. */
  readonly where?: string;
}

export interface PlannedPolicies {
  readonly policies: readonly PlannedPolicy[];
  readonly children: readonly ChangedChild[];
}

export interface PolicyPlanContext<W> extends StandingContext<W>, Pick<OweOptions, 'policies' | 'selectorKeys'> {
  /** The plan's own picture of the cluster: what would be done is done there. */
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly lister: Lister;
}

/** One policy makes room for another, which then may be in the way of a third. */
const maxRounds = 5;

/** @throws KubernetesError where a Secret or a namespace cannot be read, or the signal's reason. */
export async function planPolicies<W>(
  wanted: readonly WantedPolicy[],
  context: PolicyPlanContext<W>,
  signal: AbortSignal,
): Promise<PlannedPolicies> {
  const { fleet, policies, clock } = context;
  const memories = createMemories(clock);
  const found = new Map<string, Found>();
  const counts = new Map(
    wanted.map(({ policy }) => [policy.key, countChildren(liveObjectsOf(policy, fleet)).children]),
  );
  // An older policy has the users that it matches, whether it is planned or not.
  const concerned = [...policies.values()].filter((each) =>
    wanted.some(({ policy }) => policy.key === each.key || isOlderPolicy(each, policy)),
  );
  for (const policy of concerned) found.set(policy.key, await find(policy, memories.of(policy), context, signal));

  const children: ChangedChild[] = [];
  const verdicts = new Map<string, PolicyVerdict>();
  for (let round = 0; round < maxRounds; round++) {
    let steps = 0;
    for (const policy of concerned) {
      const of = found.get(policy.key);
      if (of?.kind !== 'listed') continue;
      const memory = memories.of(policy);
      const owing = owingOf(policy, of.served, of.pass, memory, { ...context, memories });
      if (owing.plan.takes.some((id) => !memory.takes.has(id))) steps++;
      memory.takes = new Set(owing.plan.takes);
      if (!counts.has(policy.key)) continue;
      verdicts.set(policy.key, verdictOfOwing(policy, of.served, of.pass, owing, false));
      steps += countSteps(owing.plan);
      for (const child of changeChildren(policy, owing, fleet, clock.wall())) {
        children.push(child);
        if (child.change === 'remove' && !owing.plan.held.approved) memory.removedAt.push(clock.wall());
      }
    }
    if (steps === 0) break;
  }
  return {
    policies: wanted.map((each) => {
      const { key } = each.policy;
      const own = children.filter(({ policy }) => policy.key === key);
      return plannedPolicy(each, found.get(key), verdicts.get(key), own, counts.get(key) ?? 0);
    }),
    children,
  };
}

type Found =
  | { readonly kind: 'listed'; readonly served: Served; readonly pass: Pass }
  | { readonly kind: 'stopped'; readonly verdict: PolicyVerdict }
  | { readonly kind: 'deleted' };

async function find<W>(
  policy: TenantUpsellPolicy,
  memory: Memory,
  context: PolicyPlanContext<W>,
  signal: AbortSignal,
): Promise<Found> {
  memory.knownGeneration = policy.generation;
  if (policy.deletedAt !== undefined) return { kind: 'deleted' };
  const served = await standingOf(policy, context, signal);
  if (served.kind !== 'served') return { kind: 'stopped', verdict: served.verdict };
  const { spec, account, selection, asked, client } = served;
  const childUsers = () => usersListedBy(client, policy, context.fleet);
  const { maxUsers } = spec.limits;
  const end = await runPass({ ...context, account, selection, asked, maxUsers, childUsers }, signal);
  if (end.kind !== 'complete') return { kind: 'stopped', verdict: end.verdict };
  memory.pass = end.pass;
  return { kind: 'listed', served, pass: end.pass };
}

function plannedPolicy(
  { policy, where }: WantedPolicy,
  found: Found | undefined,
  listed: PolicyVerdict | undefined,
  changed: readonly ChangedChild[],
  children: number,
): PlannedPolicy {
  const count = (change: ChildChangePlanned) => changed.filter((each) => each.change === change).length;
  const { reason, message } = sayingOf(found, listed, changed.length);
  const isError = reason !== 'Deleting' && meaningOfPolicy(reason).status === 'False';
  return {
    namespace: policy.namespace,
    name: policy.name,
    action: isError ? 'error' : changed.length > 0 ? 'change' : 'none',
    reason,
    message,
    ...(found?.kind === 'listed' ? { matched: found.pass.matched } : {}),
    children,
    make: count('make'),
    update: count('update'),
    remove: count('remove'),
    handOver: count('handOver'),
    ...(where === undefined ? {} : { where }),
  };
}

function sayingOf(
  found: Found | undefined,
  listed: PolicyVerdict | undefined,
  changes: number,
): PolicyVerdict | { readonly reason: 'Deleting'; readonly message: string } {
  if (found === undefined || found.kind === 'deleted')
    return { reason: 'Deleting', message: 'It is being deleted, and the cluster deletes its children.' };
  if (found.kind === 'stopped') return found.verdict;
  if (listed !== undefined && (listed.reason !== 'Applied' || changes === 0)) return listed;
  return { reason: 'Progressing', message: 'Children would be made, changed or removed; then it is Applied.' };
}
