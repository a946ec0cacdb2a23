/**
 * How a policy is reported: its status where a fact is another, an Event where its reason became another. While a large policy is made its counts change all the
 * time; they are written every few seconds, and nothing is once they stand still.
 */
import { tenantUpsellPolicies } from '../../../api/names.ts';
import { meaningOfPolicy, type PolicyVerdict, policyConditions } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { PolicyStatus } from '../../../api/policy/status.ts';
import { conditionOf } from '../../../api/status.ts';
import { timestamp } from '../../../base/timestamp.ts';
import { changedFields, patchStatus } from '../../../fleet/status/patch.ts';
import { subjectOf } from '../../../kubernetes/events/subject.ts';
import type { Counts } from '../children/counts.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { Pass } from '../pass/pass.ts';

export interface Findings {
  readonly verdict: PolicyVerdict;
  /** Undefined where no pass says anything of the present selection. */
  readonly pass: Pass | undefined;
  readonly counts: Counts;
}

type Reporting = Pick<PolicyContext, 'client' | 'pruned' | 'clock' | 'events'>;

/** How often counts alone are written. */
const countsEveryMs = 5_000;

/**
 * @returns in how many milliseconds there is something left to write; undefined where there is not.
 * @throws KubernetesError (422 where it is another object by now), or the signal's reason; then nothing was reported.
 */
export async function report(
  cached: TenantUpsellPolicy,
  findings: Findings,
  memory: Memory,
  { client, pruned, clock, events }: Reporting,
  signal: AbortSignal,
): Promise<number | undefined> {
  const policy = { ...cached, status: memory.written?.over === cached ? memory.written.status : cached.status };
  const status = statusOf(policy, findings, memory, clock.wall());
  const differing = changedFields(policy.status, status, facts);
  // A field that the CRD lacks differs for ever, and alone is no reason to write what goes along with others.
  const changes = differing === undefined ? undefined : pruned.without(differing);
  if (changes === undefined) return undefined;
  const left = memory.writtenAt + countsEveryMs - clock.now();
  if (left > 0 && Object.keys(changes).every((field) => countFields.has(field))) return left;
  const written = changedFields(policy.status, status, [...facts, 'lastFullPass']) ?? changes;
  await patchStatus({ client, pruned }, tenantUpsellPolicies, policy, written, signal);
  memory.written = { over: cached, status };
  memory.writtenAt = clock.now();
  notify(policy, findings.verdict, events);
  return undefined;
}

const facts = [
  'observedGeneration',
  'matched',
  'children',
  'ready',
  'offers',
  'braked',
  'spentApproval',
  'conditions',
] as const satisfies readonly (keyof PolicyStatus)[];
const countFields: ReadonlySet<string> = new Set(['matched', 'children', 'ready', 'offers']);

/** @param nowMs wall time in milliseconds. */
function statusOf(
  { generation, status: before }: Pick<TenantUpsellPolicy, 'generation' | 'status'>,
  { verdict, pass, counts }: Findings,
  { braked, spentApproval }: Pick<Memory, 'braked' | 'spentApproval'>,
  nowMs: number,
): PolicyStatus {
  const matched = pass?.matched ?? before.matched;
  const lastFullPass = pass === undefined ? before.lastFullPass : timestamp(pass.endedAtWall);
  return {
    observedGeneration: generation,
    ...(matched === undefined ? {} : { matched }),
    ...counts,
    ...(lastFullPass === undefined ? {} : { lastFullPass }),
    ...(braked === undefined ? {} : { braked }),
    ...(spentApproval === undefined ? {} : { spentApproval }),
    conditions: [...policyConditions(verdict, generation, before.conditions ?? [], nowMs)],
  };
}

function notify(policy: TenantUpsellPolicy, { reason, message }: PolicyVerdict, events: Reporting['events']): void {
  if (conditionOf(policy.status, 'Ready')?.reason === reason) return;
  const about = subjectOf(tenantUpsellPolicies, policy);
  events[meaningOfPolicy(reason).status === 'False' ? 'warning' : 'normal'](about, reason, message);
}
