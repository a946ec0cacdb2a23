/**
 * Which changes in the cluster ask for a look, and how urgently. Status writes of our own ask for none.
 */
import type { TenantUserUpsell } from '../api/object.ts';
import type { Priority, WorkQueue } from '../runtime/queue.ts';
import { type Fleet, namedUser, sourceOf } from './fleet.ts';
import type { NamespaceStore } from './namespaces.ts';
import { isSettled } from './verify.ts';

/** How urgently a changed object itself must be looked at; undefined where the change is nothing to us. At a start a settled one waits behind all others. */
export function urgency(before: TenantUserUpsell | undefined, after: TenantUserUpsell): Priority | undefined {
  if (before === undefined) return isSettled(after) ? 'resync' : 'change';
  const asked =
    before.uid !== after.uid ||
    before.generation !== after.generation ||
    before.requestedAt !== after.requestedAt ||
    (before.deletedAt === undefined) !== (after.deletedAt === undefined);
  return asked ? 'change' : undefined;
}

/** The users whose other claimants must be looked at, because this object's claim came, went, or counts otherwise than before. */
export function changedClaim(before: TenantUserUpsell | undefined, after: TenantUserUpsell | undefined): string[] {
  const [old, now] = [claimOf(before), claimOf(after)];
  if (old !== now) return [old, now].filter((user) => user !== undefined);
  if (now === undefined || before === undefined || after === undefined) return [];
  // What `claims.ts` judges a claim by, besides the user.
  const same =
    sourceOf(before) === sourceOf(after) &&
    tenantOf(before) === tenantOf(after) &&
    (before.status.userID === now) === (after.status.userID === now);
  return same ? [] : [now];
}

const claimOf = (object: TenantUserUpsell | undefined): string | undefined =>
  object?.spec.ok && object.deletedAt === undefined && object.spec.value.managementPolicy === 'Enforce'
    ? namedUser(object)
    : undefined;

const tenantOf = ({ spec }: TenantUserUpsell): string | undefined => (spec.ok ? spec.value.tenantID : undefined);

/** Puts into the queue whatever a change of the fleet or of a namespace's label asks for. */
export function connectTriggers(fleet: Fleet, namespaces: NamespaceStore, queue: Pick<WorkQueue, 'add'>): void {
  namespaces.subscribe((before, after) => {
    if (before === undefined || after === undefined) return;
    for (const object of fleet.values()) if (object.namespace === after.key) queue.add(object.key, 'change');
  });
  fleet.subscribe((before, after) => {
    const key = (after ?? before)?.key;
    if (key === undefined) return;
    const priority = after === undefined ? 'change' : urgency(before, after);
    if (priority !== undefined) queue.add(key, priority);
    for (const user of changedClaim(before, after)) {
      for (const peer of fleet.byIndex('user', user)) if (peer !== key) queue.add(peer, 'retry');
    }
  });
}
