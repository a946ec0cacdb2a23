/**
 * The objects that this operator serves, as its cache holds them, and the two questions asked of them besides "by key":
 * which objects name this user, and which objects use these credentials.
 */
import { conditionReason, pendingCondition, reasons } from '../api/conditions.ts';
import type { TenantUserUpsell } from '../api/object.ts';
import type { Log } from '../base/log.ts';
import { Store } from '../runtime/store/store.ts';
import type { NotReadySince } from './metrics.ts';

export type Fleet = Store<TenantUserUpsell, 'user' | 'source'>;

export const createFleet = (log: Log): Fleet =>
  new Store<TenantUserUpsell, 'user' | 'source'>({
    log,
    indexes: { user: namedUser, source: sourceOf },
    same: (a, b) => a.uid === b.uid && a.resourceVersion === b.resourceVersion,
  });

/** Where an object's credentials come from: `namespace/name` of a Secret, `account:name` for an AcronisAccount, or '' for the operator's own. */
export type Source = string;
export const ownSource: Source = '';

/** No name of a namespace has a colon. */
const accountPrefix = 'account:';
export const accountSource = (name: string): Source => accountPrefix + name;
/** The AcronisAccount that a source is; undefined where it is none. */
export const accountNameOf = (source: Source): string | undefined =>
  source.startsWith(accountPrefix) ? source.slice(accountPrefix.length) : undefined;

export function sourceOf(object: TenantUserUpsell): Source {
  if (!object.spec.ok) return ownSource;
  const { accountRef, credentialsSecretRef } = object.spec.value;
  if (accountRef !== undefined) return accountSource(accountRef.name);
  return credentialsSecretRef === undefined ? ownSource : `${object.namespace}/${credentialsSecretRef.name}`;
}

/** The id of the user that an object names; for a login or an external id, the one that it assigned, or that was found for it. */
export const namedUser = ({ spec, status }: TenantUserUpsell): string | undefined =>
  (spec.ok ? spec.value.userID : undefined) ?? status.assigned?.userID ?? status.userID;

/** How many objects there are by the reason of their Ready; 0 for those that none has. */
export function countByReason(fleet: Fleet): ReadonlyMap<string, number> {
  const counts = new Map<string, number>(reasons.map((reason) => [reason, 0]));
  for (const { status } of fleet.values()) {
    const reason = conditionReason(status.conditions);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

/** That nothing is done about these is what their spec says. */
const asAsked = new Set(['Suspended', 'NotAssigned']);

/** Since when the object that is not Ready for longest is so. */
export function notReadySince(fleet: Fleet): NotReadySince {
  let stalled: number | undefined;
  let passing: number | undefined;
  for (const { status, createdAt } of fleet.values()) {
    const conditions = status.conditions ?? [];
    const ready = conditions.find(({ type }) => type === 'Ready') ?? pendingCondition;
    if (ready.status === 'True' || asAsked.has(ready.reason)) continue;
    // The time of the CRD's default is when nothing had happened yet.
    const since = ready.reason === pendingCondition.reason ? createdAt : Date.parse(ready.lastTransitionTime);
    if (conditions.some(({ type, status: is }) => type === 'Stalled' && is === 'True'))
      stalled = earliest(stalled, since);
    else passing = earliest(passing, since);
  }
  return { stalled, passing };
}

const earliest = (a: number | undefined, b: number): number => (a === undefined ? b : Math.min(a, b));
