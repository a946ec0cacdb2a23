/**
 * Whom an object assigned, as far as it remembers: what its deletion revokes, and nothing else. `status.assigned` is the memory, and a finalizer alone is
 * none, since any writer may add one. Objects of 0.1.0, which had none, are taken over from what their status observed while it was Ready. An id in the spec
 * cannot change, so a memory of another user is not this object's.
 */
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Spec } from '../../../api/spec.ts';
import type { Assigned } from '../../../api/status.ts';
import { conditionOf } from '../../../api/status.ts';

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
  const { userID, tenantID, observedGeneration = 0 } = object.status;
  if (userID === undefined || tenantID === undefined || !isReady(object)) return undefined;
  if (object.spec.ok && object.spec.value.managementPolicy !== 'Enforce') return undefined;
  // An edit may have made it Enforce; the deletion is one more generation and no edit.
  const isOfThisSpec = observedGeneration >= object.generation - (object.deletedAt === undefined ? 0 : 1);
  return isOfThisSpec ? { userID, tenantID } : undefined;
}

const isReady = ({ status }: TenantUserUpsell): boolean => conditionOf(status, 'Ready')?.status === 'True';
