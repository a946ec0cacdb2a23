/**
 * How many children a policy removed in the last hour, in its status: `limits.maxRemovals` counts them together, and a process that starts within the hour, or takes
 * over, must not begin from nothing. It is written before they go: what stands there and did not go holds a later process back, never the other way round.
 *
 * Where the CRD lacks the field it is not written, and such a process does begin from nothing: that is said once, as for every field that a CRD lacks.
 */
import { tenantUpsellPolicies } from '../../../api/names.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { PolicyStatus } from '../../../api/policy/status.ts';
import { timestamp } from '../../../base/timestamp.ts';
import { patchStatus } from '../../../fleet/status/patch.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import { hourMs } from '../plan/brakes.ts';

type Removals = NonNullable<PolicyStatus['removals']>;

const minuteMs = 60_000;

/**
 * When each of the children went of which a status says that they did, where that is less than an hour ago.
 * @param now wall time in milliseconds, as what is returned.
 */
export function removedAtOf({ removals = [] }: Pick<PolicyStatus, 'removals'>, now: number): number[] {
  return removals.flatMap(({ at, count }) => {
    // Clocks differ: what seems to go in the future went just now.
    const when = Math.min(Date.parse(at), now);
    return now - when < hourMs ? new Array<number>(count).fill(when) : [];
  });
}

/**
 * @param users whose children are about to go; those that a person let through do not count.
 * @throws KubernetesError, or the signal's reason; then nothing may go.
 */
export async function recordRemovals(
  policy: TenantUpsellPolicy,
  users: readonly string[],
  memory: Pick<Memory, 'letThrough' | 'removedAt' | 'recorded'>,
  { client, pruned, clock }: Pick<PolicyContext, 'client' | 'pruned' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const due = users.filter((id) => !memory.letThrough.has(id)).length;
  if (due === 0) return;
  const removals = byMinute([...memory.removedAt, ...new Array<number>(due).fill(clock.wall())]);
  const recorded = JSON.stringify(removals);
  if (memory.recorded === recorded) return;
  await patchStatus({ client, pruned }, tenantUpsellPolicies, policy, { removals }, signal);
  memory.recorded = recorded;
}

/** @param times wall times in milliseconds. */
function byMinute(times: readonly number[]): Removals {
  const minutes = Map.groupBy(times, (at) => Math.floor(at / minuteMs));
  return [...minutes]
    .toSorted(([a], [b]) => a - b)
    .map(([minute, each]) => ({ at: timestamp((minute + 1) * minuteMs - 1_000), count: each.length }));
}
