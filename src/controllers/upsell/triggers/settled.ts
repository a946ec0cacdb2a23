/**
 * Which objects are settled: assessed with the user as their status reports it, nothing is owed and the status would not change. What the verifier and the
 * triggers ask; it is derived from `assess`, so that whatever a reconcile maintains (a finalizer that was stripped, a condition that was set by hand) is
 * put right by the next resync.
 */
import type { User } from '../../../acronis/user.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { placeOf } from '../../../fleet/accounts/tenant-tree.ts';
import { sourceOf } from '../../../fleet/cache/objects.ts';
import { same } from '../../../fleet/status/patch.ts';
import type { NamespaceGuard } from '../../../fleet/tenancy/guard.ts';
import { boundsOf, namespaceGuard, shownWithin, type TenancyOptions } from '../../../fleet/tenancy/tenancy.ts';
import type { Judge } from '../../../fleet/verifier/verifier.ts';
import { assess, unhindered } from '../assess/assess.ts';
import { nothingYet } from '../assess/evidence.ts';
import { has, nameOf } from '../assess/names.ts';
import { buyUrlOf, reportedAdmin, reportedBuyUrl, reportedReach, withReportedRoles } from '../assess/offer.ts';
import type { Circumstances } from '../assess/owed.ts';
import type { ReconcileContext } from '../context.ts';
import { isReady, wasReconciled } from '../report/reported.ts';
import { statusOf, statusPatch } from '../report/status.ts';

/** What the verifier asks of this controller. */
export const judgeOf = (
  context: TenancyOptions & Pick<ReconcileContext, 'sources' | 'accounts' | 'brands'>,
): Judge => ({
  isSettled,
  async isAsReported(object, user, account, signal) {
    const guard = await namespaceGuard(object, context, signal);
    if (!(await isShown(object, user, guard, context, signal))) return false;
    const known = reportedBuyUrl(object.status);
    // A branding that was not read yet is asked for by its own loop, which wakes the objects that it changes.
    const buyUrl = buyUrlOf(object, context.brands.peek(account, user.tenantId)) ?? known;
    // Assessed with all this it was found settled; to assess it once more is a tenth of what a restart costs.
    if (guard.kind === 'any' && buyUrl === known && isReportedUser(object, user)) return true;
    // Older claims are woken by their own changes; what a namespace allows may have changed while no operator watched.
    const label = guard.kind === 'tenant' ? guard.tenantId : undefined;
    return owesNothing(object, user, { ...unhindered, guard: shownWithin(guard, label, user), buyUrl });
  },
});

/** The user was read for the whole account, whatever the namespace's label and the AcronisAccount bound this object to. */
async function isShown(
  object: TenantUserUpsell,
  user: User,
  guard: NamespaceGuard,
  { sources, accounts, accountObjects }: Pick<ReconcileContext, 'sources' | 'accounts' | 'accountObjects'>,
  signal: AbortSignal,
): Promise<boolean> {
  const bounds = boundsOf(object, accountObjects);
  if (bounds.kind === 'noAccount') return false;
  const roots = [
    ...(bounds.kind === 'tenants' ? [bounds.tenantIDs] : []),
    ...(guard.kind === 'tenant' ? [[guard.tenantId]] : []),
  ];
  if (roots.every((tenantIDs) => tenantIDs.includes(user.tenantId))) return true;
  const credentials = sources.lastGood(sourceOf(object));
  if (credentials === undefined) return false;
  const { tenants } = accounts.of(credentials);
  // Where its place may not be read it is as it was: nothing is written on this word.
  for (const tenantIDs of roots)
    if ((await placeOf(user.tenantId, tenantIDs, tenants, signal)) === 'outside') return false;
  return true;
}

/** Nothing is owed as far as the object alone shows. */
export function isSettled(object: TenantUserUpsell): boolean {
  if (!wasReconciled(object) || !isReady(object)) return false;
  const reported = reportedUser(object);
  const circumstances = { ...unhindered, buyUrl: reportedBuyUrl(object.status) };
  return reported !== undefined && owesNothing(object, reported, circumstances);
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

/** Whether `assess` would be given what `isSettled` gave it. */
function isReportedUser(object: TenantUserUpsell, user: User): boolean {
  const reported = reportedUser(object);
  if (reported === undefined || !object.spec.ok) return false;
  const name = nameOf(object.spec.value);
  return (
    (name === undefined || has(user, name, 'id') === 'yes') &&
    user.id === reported.id &&
    user.tenantId === reported.tenantId &&
    user.version === reported.version &&
    user.reach === reported.reach &&
    withReportedRoles(object, user).isCompanyAdmin === reported.isCompanyAdmin &&
    same(user.businessTypes, reported.businessTypes)
  );
}

function reportedUser({ spec, status }: TenantUserUpsell): User | undefined {
  const { userID, tenantID, observedVersion, businessTypes } = status;
  if (userID === undefined || tenantID === undefined || observedVersion === undefined) return undefined;
  return {
    id: userID,
    tenantId: tenantID,
    version: observedVersion,
    businessTypes: businessTypes ?? [],
    login: '',
    // It was found by it.
    externalId: (spec.ok ? spec.value.externalID : undefined) ?? '',
    isCompanyAdmin: reportedAdmin(status),
    reach: reportedReach(status),
  };
}
