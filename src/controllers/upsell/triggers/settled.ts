/**
 * Which objects are settled: assessed with the user as their status reports it, nothing is owed and the status would not change. What the verifier and the
 * triggers ask; it is derived from `assess`, so that whatever a reconcile maintains (a finalizer that was stripped, a condition that was set by hand) is
 * put right by the next resync.
 */
import type { User } from '../../../acronis/user.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { namespaceGuard, type TenancyOptions } from '../../../fleet/tenancy.ts';
import type { Judge } from '../../../fleet/verifier/verifier.ts';
import { assess, unhindered } from '../assess/assess.ts';
import { nothingYet } from '../assess/evidence.ts';
import type { Circumstances } from '../assess/owed.ts';
import { isReady, wasReconciled } from '../report/reported.ts';
import { statusOf, statusPatch } from '../report/status.ts';

/** What the verifier asks of this controller. */
export const judgeOf = (context: TenancyOptions): Judge => ({
  isSettled,
  async isAsReported(object, user, signal) {
    // Older claims are woken by their own changes; what a namespace allows may have changed while no operator watched.
    return owesNothing(object, user, { ...unhindered, guard: await namespaceGuard(object, context, signal) });
  },
});

/** Nothing is owed as far as the object alone shows. */
export function isSettled(object: TenantUserUpsell): boolean {
  if (!wasReconciled(object) || !isReady(object)) return false;
  const reported = reportedUser(object);
  return reported !== undefined && owesNothing(object, reported, unhindered);
}

/** Whether its finalizer has to come or go, as far as the object alone shows. */
export function owesFinalizer(object: TenantUserUpsell): boolean {
  const { kind } = assess(object, nothingYet, unhindered);
  return kind === 'addFinalizer' || kind === 'removeFinalizer';
}

function owesNothing(object: TenantUserUpsell, user: User, circumstances: Circumstances): boolean {
  const owed = assess(object, { kind: 'seen', user, by: 'id' }, circumstances);
  return owed.kind === 'report' && statusPatch(object.status, statusOf(object, owed.findings, 0)) === undefined;
}

function reportedUser({ status }: TenantUserUpsell): User | undefined {
  const { userID, tenantID, observedVersion, businessTypes } = status;
  if (userID === undefined || tenantID === undefined || observedVersion === undefined) return undefined;
  return { id: userID, tenantId: tenantID, version: observedVersion, businessTypes: businessTypes ?? [], login: '' };
}
