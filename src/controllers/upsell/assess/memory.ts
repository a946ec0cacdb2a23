/**
 * Whom an object assigned, as far as it remembers. `status.assigned` is the memory; objects of 0.1.0, which had none, are taken over from what their
 * status observed while it was Ready or held. An id in the spec cannot change, so a memory of another user is not this object's.
 */
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Spec } from '../../../api/spec.ts';
import type { Assigned } from '../../../api/status.ts';
import { conditionOf } from '../../../api/status.ts';
import { hasFinalizer } from './finalizer.ts';

/** Whether the object is to be held on deletion until its types are revoked. */
export const wantsFinalizer = (spec: Spec): boolean =>
  spec.deletionPolicy === 'Revoke' && spec.managementPolicy === 'Enforce';

export function rememberedAssignment(object: TenantUserUpsell): Assigned | undefined {
  const { spec, status } = object;
  const assigned = status.assigned ?? observedAssignment(object);
  if (assigned === undefined || !spec.ok) return assigned;
  const { userID } = spec.value;
  return userID === undefined || userID === assigned.userID ? assigned : undefined;
}

function observedAssignment(object: TenantUserUpsell): Assigned | undefined {
  const { userID, tenantID, observedGeneration } = object.status;
  if (userID === undefined || tenantID === undefined) return undefined;
  if (object.spec.ok && object.spec.value.managementPolicy !== 'Enforce') return undefined;
  const isReady = conditionOf(object.status, 'Ready')?.status === 'True' && observedGeneration === object.generation;
  return isReady || hasFinalizer(object) ? { userID, tenantID } : undefined;
}

/** The user whose types a deletion revokes. By id the finalizer alone proves that a write was meant: it is there before the first one leaves. */
export const userToRevoke = (object: TenantUserUpsell): string | undefined =>
  rememberedAssignment(object)?.userID ??
  (object.spec.ok && hasFinalizer(object) ? object.spec.value.userID : undefined);
