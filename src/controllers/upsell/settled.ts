/**
 * Which objects are settled: all that is owed to them was done, as far as their status tells. What the verifier and the triggers ask.
 */
import type { User } from '../../acronis/user.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import { namespaceGuard, type TenancyOptions } from '../../fleet/tenancy.ts';
import type { Judge } from '../../fleet/verifier.ts';
import { plan } from './plan.ts';
import { conditionOf } from './status.ts';

/** Its status speaks of this very spec and of what was asked last. */
export function wasReconciled(object: TenantUserUpsell): boolean {
  if (object.deletedAt !== undefined || object.status.observedGeneration !== object.generation) return false;
  return object.requestedAt === undefined || object.requestedAt === object.status.lastHandledReconcileAt;
}

/** Its status speaks of this very spec and of what was asked last, and says that all is as it should be. */
export function isSettled(object: TenantUserUpsell): boolean {
  return wasReconciled(object) && conditionOf(object.status, 'Ready')?.status === 'True';
}

/** What the verifier asks of this controller. */
export const judgeOf = (context: TenancyOptions): Judge => ({
  isSettled,
  isAsReported: (object, user, signal) => isAsReported(object, user, context, signal),
});

/** The user is as the status says, in the revision that it says, and a reconcile would find nothing to do. */
async function isAsReported(
  object: TenantUserUpsell,
  user: User,
  context: TenancyOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { status, spec } = object;
  if (!spec.ok || user.version !== status.observedVersion || user.tenantId !== status.tenantID) return false;
  const told = status.businessTypes ?? [];
  if (told.length !== user.businessTypes.length || !user.businessTypes.every((type) => told.includes(type)))
    return false;
  if (spec.value.login !== undefined && spec.value.login !== user.login) return false;
  // Older claims are woken by their own changes; guards may have changed while nobody watched.
  const guard = await namespaceGuard(object, context, signal);
  return plan(spec.value, user, { guard, rival: undefined }).kind === 'nothing';
}
