/** What the status of an object says of its last reconcile. */
import type { TenantUserUpsell } from '../../../api/object.ts';
import { conditionOf } from '../../../api/status.ts';

/** Its status speaks of this very spec and of what was asked for last. */
export function wasReconciled(object: TenantUserUpsell): boolean {
  if (object.deletedAt !== undefined || object.status.observedGeneration !== object.generation) return false;
  return object.requestedAt === undefined || object.requestedAt === object.status.lastHandledReconcileAt;
}

export const isReady = ({ status }: TenantUserUpsell): boolean => conditionOf(status, 'Ready')?.status === 'True';
