/**
 * How a policy is reported: its status where a fact is another, an Event where its reason became another. While a large policy is made its counts change all the
 * time; they are written every few seconds, and nothing is once they stand still.
 */
import { tenantUpsellPolicies } from '../../../api/names.ts';
import { meaningOfPolicy, type PolicyVerdict, policyConditions } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { PolicyStatus } from '../../../api/policy/status.ts';
import { conditionOf, offers } from '../../../api/status.ts';
import { timestamp } from '../../../base/timestamp.ts';
import { changedFields, patchStatus } from '../../../fleet/status/patch.ts';
import { subjectOf } from '../../../kubernetes/events/subject.ts';
import { objectsOf } from '../children/children.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { Pass } from '../pass/pass.ts';

export interface Findings {
  readonly verdict: PolicyVerdict;
  /** Undefined where no pass says anything of the present selection. */
  readonly pass: Pass | undefined;
}

type Reporting = Pick<PolicyContext, 'client' | 'pruned' | 'clock' | 'events' | 'fleet'>;

/** How often counts alone are written. */
const countsEveryMs = 5_000;

/**
 * @returns in how many milliseconds there is something left to write; undefined where there is not.
 * @throws KubernetesError (422 where it is another object by now), or the signal's reason; then nothing was reported.
 */
export async function report(
  cached: TenantUpsellPolicy,
  { verdict, pass }: Findings,
  memory: Memory,
  { client, pruned, clock, events, fleet }: Reporting,
  signal: AbortSignal,
): Promise<number | undefined> {
  const policy = { ...cached, status: memory.written?.over === cached ? memory.written.status : cached.status };
  const status = statusOf(policy, { verdict, pass }, countChildren(policy, fleet), clock.wall());
  const differing = changedFields(policy.status, status, facts);
  // A field that the CRD lacks differs for ever, and alone is no reason to write what goes along with others.
  const changes = differing === undefined ? undefined : pruned.without(differing);
  if (changes === undefined) return undefined;
  const left = memory.writtenAt + countsEveryMs - clock.now();
  if (left > 0 && Object.keys(changes).every((field) => counts.has(field))) return left;
  const written = changedFields(policy.status, status, [...facts, 'lastFullPass']) ?? changes;
  await patchStatus({ client, pruned }, tenantUpsellPolicies, policy, written, signal);
  memory.written = { over: cached, status };
  memory.writtenAt = clock.now();
  notify(policy, verdict, events);
  return undefined;
}

const facts = [
  'observedGeneration',
  'matched',
  'children',
  'ready',
  'offers',
  'conditions',
] as const satisfies readonly (keyof PolicyStatus)[];
const counts: ReadonlySet<string> = new Set(['matched', 'children', 'ready', 'offers']);

export type Counts = Required<Pick<PolicyStatus, 'children' | 'ready' | 'offers'>>;

/** Of the children that are not being deleted. */
function countChildren(policy: TenantUpsellPolicy, fleet: Reporting['fleet']): Counts {
  let children = 0;
  let ready = 0;
  const byOffer = new Map<string, number>();
  for (const { status, deletedAt } of objectsOf(policy, fleet)) {
    if (deletedAt !== undefined) continue;
    children++;
    if (conditionOf(status, 'Ready')?.status === 'True') ready++;
    if (status.offer !== undefined) byOffer.set(status.offer, (byOffer.get(status.offer) ?? 0) + 1);
  }
  return {
    children,
    ready,
    offers: Object.fromEntries(
      offers.flatMap((offer) => {
        const count = byOffer.get(offer);
        return count === undefined ? [] : [[offer, count]];
      }),
    ),
  };
}

/** @param nowMs wall time in milliseconds. */
export function statusOf(
  { generation, status: before }: Pick<TenantUpsellPolicy, 'generation' | 'status'>,
  { verdict, pass }: Findings,
  counted: Counts,
  nowMs: number,
): PolicyStatus {
  const matched = pass?.matched ?? before.matched;
  const lastFullPass = pass === undefined ? before.lastFullPass : timestamp(pass.endedAtWall);
  return {
    observedGeneration: generation,
    ...(matched === undefined ? {} : { matched }),
    ...counted,
    ...(lastFullPass === undefined ? {} : { lastFullPass }),
    conditions: [...policyConditions(verdict, generation, before.conditions ?? [], nowMs)],
  };
}

function notify(policy: TenantUpsellPolicy, { reason, message }: PolicyVerdict, events: Reporting['events']): void {
  if (conditionOf(policy.status, 'Ready')?.reason === reason) return;
  const about = subjectOf(tenantUpsellPolicies, policy);
  events[meaningOfPolicy(reason).status === 'False' ? 'warning' : 'normal'](about, reason, message);
}
