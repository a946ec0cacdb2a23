/**
 * An approval counts once, for those that were shown: the annotation goes before they do, so that it never lets others through later. What is left of them after a
 * crash is held again, with the number that is left.
 *
 * An annotation that was there before its number was shown approves nothing, nor does one that comes back by itself (as from a repository that a tool applies): it
 * is spent until it is removed, or another number.
 */
import { approveAnnotation, tenantUpsellPolicies } from '../../../api/names.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import { pathOf } from '../../../kubernetes/calls/resource.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { Held } from '../plan/plan.ts';

type Approving = Pick<TenantUpsellPolicy, 'approved' | 'resourceVersion'>;

/** How many removals a person let through after these were shown; undefined where none. */
export const approvalOf = ({ approved, resourceVersion }: Approving, memory: Memory): number | undefined =>
  approved === memory.braked && approved !== memory.spentApproval && memory.approvalUsedAt !== resourceVersion
    ? approved
    : undefined;

/** Remembers what a plan holds back, and whether the annotation that is there lets it through. */
export function noteBrake(
  { approved, resourceVersion }: Approving,
  { tooMany, braked, approved: isApproved }: Held,
  memory: Memory,
): void {
  // Nothing was planned, or what was shown is let through next.
  if (tooMany || isApproved) return;
  memory.braked = braked?.count;
  memory.spentApproval = memory.approvalUsedAt === resourceVersion ? undefined : approved;
}

/** @throws KubernetesError (422 where the annotation is another by now), or the signal's reason; then no change is let through. */
export async function useApproval(
  { key, namespace, name, uid, approved, resourceVersion }: TenantUpsellPolicy,
  users: readonly string[],
  memory: Memory,
  { client, log }: Pick<PolicyContext, 'client' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const path = `/metadata/annotations/${approveAnnotation.replace('/', '~1')}`;
  await client.request(
    {
      method: 'PATCH',
      path: pathOf(tenantUpsellPolicies, { namespace, name }),
      contentType: 'application/json-patch+json',
      body: [
        { op: 'test', path: '/metadata/uid', value: uid },
        { op: 'test', path, value: String(approved) },
        { op: 'remove', path },
      ],
      discardResponse: true,
    },
    signal,
  );
  memory.approvalUsedAt = resourceVersion;
  memory.braked = undefined;
  memory.letThrough = new Set(users);
  log.info('a person let removals through', { policy: key, children: users.length });
}
