/**
 * What the change feed says of a policy's users: one that may match otherwise than before is a suspect, and is judged by the next reconcile. What this operator
 * wrote itself stands in the status of the child already and costs nothing.
 */
import type { UserStamp } from '../../acronis/stamps.ts';
import { childName } from '../../api/policy/children.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { Fleet } from '../../fleet/cache/objects.ts';
import type { PolicyStore } from '../../fleet/cache/policies.ts';
import type { ChangeListener } from '../../fleet/change-feed.ts';
import type { WorkQueue } from '../../runtime/workqueue/queue.ts';
import { isChildOf } from './children/template.ts';
import type { Memories, Memory } from './memory.ts';
import { maxSuspects } from './reconcile/suspects.ts';

export interface MembersOptions {
  readonly policies: Pick<PolicyStore, 'values'>;
  readonly fleet: Pick<Fleet, 'get'>;
  readonly memories: Pick<Memories, 'peek'>;
  readonly queue: Pick<WorkQueue, 'addAfter'>;
}

/** Changes come together, and what is our own is in the cache a moment later. */
const batchMs = 1_000;

/** What the controller subscribes to the change feed. */
export function membersListener({ policies, fleet, memories, queue }: MembersOptions): ChangeListener {
  return (account, changes) => {
    for (const policy of policies.values()) {
      const memory = memories.peek(policy.key);
      if (memory?.accountId !== account.id || (memory.pass === undefined && !memory.isListing)) continue;
      const before = memory.suspects.size;
      for (const stamp of changes)
        if (memory.suspects.size < maxSuspects && isSuspect(stamp, policy, memory, fleet))
          memory.suspects.add(stamp.id);
      if (memory.suspects.size > before) queue.addAfter(policy.key, batchMs, 'retry');
    }
  };
}

function isSuspect(
  { id, version, deleted, isCompanyAdmin }: UserStamp,
  policy: TenantUpsellPolicy,
  { pass, isListing }: Memory,
  fleet: Pick<Fleet, 'get'>,
): boolean {
  if (!policy.spec.ok || policy.spec.value.suspend) return false;
  const { roles } = policy.spec.value.users;
  const isAdminsOnly = roles.length === 1 && roles[0] === 'company_admin';
  const object = fleet.get(`${policy.namespace}/${childName(id)}`);
  const child = object !== undefined && isChildOf(object, policy) ? object : undefined;
  // Whom the pass in flight has read already, as it was before, only its end will say.
  if (child === undefined && !isListing && pass?.users.has(id) !== true)
    return !deleted && !(isAdminsOnly && isCompanyAdmin === false);
  if (deleted || (isAdminsOnly && isCompanyAdmin === false)) return true;
  return child === undefined || child.status.observedVersion !== version;
}
