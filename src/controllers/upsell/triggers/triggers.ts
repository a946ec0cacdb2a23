/**
 * Which changes in the cluster ask for a reconcile, and how urgently: those of what `assess` reads. Writes of our own ask for none.
 */
import type { TenantUserUpsell } from '../../../api/object.ts';
import { conditionOf } from '../../../api/status.ts';
import type { AccountObjects } from '../../../fleet/accounts/account-objects.ts';
import { allows } from '../../../fleet/accounts/admission.ts';
import type { NamespaceLabel, NamespaceStore } from '../../../fleet/cache/namespaces.ts';
import { accountNameOf, type Fleet, namedUser, sourceOf } from '../../../fleet/cache/objects.ts';
import { claims, reaches } from '../../../fleet/tenancy/claims.ts';
import type { Verifier } from '../../../fleet/verifier/verifier.ts';
import { hasFinalizer } from '../assess/finalizer.ts';
import { wasReconciled } from '../report/reported.ts';
import { owesFinalizer } from './settled.ts';

/**
 * What a changed object itself asks for; undefined where the change asks for nothing. At a start (`before` undefined) what was never reconciled goes first;
 * of the rest the verifier tries again what is not settled, and last comes what is: ten thousand that wait for a person must not delay an edit.
 */
function urgency(before: TenantUserUpsell | undefined, after: TenantUserUpsell): 'change' | 'recheck' | undefined {
  if (before === undefined) return wasReconciled(after) ? 'recheck' : 'change';
  const asked =
    before.uid !== after.uid ||
    before.generation !== after.generation ||
    before.requestedAt !== after.requestedAt ||
    (before.deletedAt === undefined) !== (after.deletedAt === undefined) ||
    (hasFinalizer(before) !== hasFinalizer(after) && owesFinalizer(after));
  return asked ? 'change' : undefined;
}

/** The users whose other claimants must be reconciled, because this object's claim came, went, or counts otherwise than before. */
export function changedClaim(before: TenantUserUpsell | undefined, after: TenantUserUpsell | undefined): string[] {
  const [old, now] = [claimOf(before), claimOf(after)];
  if (old !== now) return [old, now].filter((user) => user !== undefined);
  if (now === undefined || before === undefined || after === undefined) return [];
  // What `claims.ts` judges a claim by, besides the user.
  const same =
    sourceOf(before) === sourceOf(after) &&
    tenantOf(before) === tenantOf(after) &&
    reaches(before, now) === reaches(after, now) &&
    isServed(before) === isServed(after);
  return same ? [] : [now];
}

const claimOf = (object: TenantUserUpsell | undefined): string | undefined =>
  object !== undefined && claims(object) ? namedUser(object) : undefined;

/** For what its namespace is, or says. */
const isRefusedByNamespace = ({ status }: TenantUserUpsell): boolean => {
  const reason = conditionOf(status, 'Ready')?.reason;
  return reason === 'NamespaceNotAllowed' || reason === 'AccountNotAllowed';
};
/** By its account: what is not served claims nothing. */
const isServed = ({ status }: TenantUserUpsell): boolean => {
  const reason = conditionOf(status, 'Ready')?.reason;
  return reason !== 'AccountNotAllowed' && reason !== 'AccountNotFound';
};

const tenantOf = ({ spec }: TenantUserUpsell): string | undefined => (spec.ok ? spec.value.tenantID : undefined);

export interface TriggerOptions {
  readonly fleet: Fleet;
  readonly namespaces: NamespaceStore;
  readonly accountObjects: Pick<AccountObjects, 'lastKnown'>;
  readonly verifier: Pick<Verifier, 'add' | 'recheck'>;
}

/**
 * Puts into the queue every object that is there, and from then on whatever a change of the fleet or of a namespace's label asks for. To be called by a
 * process that works: one that only waits for the lease would buffer what another one has long done.
 */
export function connectTriggers({ fleet, namespaces, accountObjects, verifier }: TriggerOptions): void {
  namespaces.subscribe((before, after) => {
    if (after === undefined) return;
    const concerns = (object: TenantUserUpsell): boolean => {
      const name = accountNameOf(sourceOf(object));
      const account = name === undefined ? undefined : accountObjects.lastKnown(name);
      const isAllowed = ({ key, labels }: NamespaceLabel) =>
        account !== undefined && allows(account, { name: key, labels });
      // One that appears may have been unreadable, or was asked for with other labels: what was refused for that has to know, and what is not allowed by now.
      if (before === undefined) return isRefusedByNamespace(object) || (name !== undefined && !isAllowed(after));
      if (before.tenantId !== after.tenantId) return true;
      return isAllowed(before) !== isAllowed(after);
    };
    for (const object of fleet.values())
      if (object.namespace === after.key && concerns(object)) verifier.add(object.key, 'change');
  });
  const changed = (before: TenantUserUpsell | undefined, after: TenantUserUpsell | undefined): void => {
    const key = (after ?? before)?.key;
    if (key === undefined) return;
    const asked = after === undefined ? 'change' : urgency(before, after);
    if (asked === 'recheck') verifier.recheck(key);
    else if (asked !== undefined) verifier.add(key, asked);
    for (const user of changedClaim(before, after)) {
      for (const peer of fleet.byIndex('user', user)) if (peer !== key) verifier.add(peer, 'retry');
    }
  };
  for (const object of fleet.values()) changed(undefined, object);
  fleet.subscribe(changed);
}
