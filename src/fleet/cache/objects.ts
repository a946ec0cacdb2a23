/**
 * The objects that this operator serves, as its cache holds them, and the questions asked of them besides "by key":
 * which objects name this user, which use these credentials, and which a policy keeps.
 */
import { conditionReason, pendingCondition, reasons } from '../../api/conditions.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import { inSlices } from '../../base/concurrency/slices.ts';
import type { Log } from '../../base/log.ts';
import { Store } from '../../runtime/store/store.ts';
import type { NotReadySince } from '../metrics.ts';

export type Fleet = Store<TenantUserUpsell, 'user' | 'source' | 'policy'>;

export const createFleet = (log: Log): Fleet =>
  new Store<TenantUserUpsell, 'user' | 'source' | 'policy'>({
    log,
    indexes: { user: namedUser, source: sourceOf, policy: policyIndexOf },
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

/** An object that is served with an API client: a TenantUserUpsell or a policy. */
export interface Served {
  readonly namespace: string;
  readonly deletedAt: number | undefined;
  readonly spec: { readonly ok: true; readonly value: AccountFields } | { readonly ok: false };
}
interface AccountFields {
  readonly accountRef?: { readonly name: string } | undefined;
  readonly credentialsSecretRef?: { readonly name: string } | undefined;
}

export function sourceOf(object: Pick<Served, 'namespace' | 'spec'>): Source {
  if (!object.spec.ok) return ownSource;
  const { accountRef, credentialsSecretRef } = object.spec.value;
  if (accountRef !== undefined) return accountSource(accountRef.name);
  return credentialsSecretRef === undefined ? ownSource : `${object.namespace}/${credentialsSecretRef.name}`;
}

/** The id of the user that an object names; for a login or an external id, the one that it assigned, or that was found for it. */
export const namedUser = ({ spec, status }: TenantUserUpsell): string | undefined =>
  (spec.ok ? spec.value.userID : undefined) ?? status.assigned?.userID ?? status.userID;

/** Where a child is found by its policy: by the owner's uid or, where it has none, by the policy that its label names. */
const policyIndexOf = ({ namespace, child }: TenantUserUpsell): string | undefined =>
  child === undefined ? undefined : (child.owner ?? orphansOf(namespace, child.policy ?? ''));
export const orphansOf = (namespace: string, policy: string): string => `${namespace}/${policy}`;

/** How many objects there are by the reason of their Ready; 0 for those that none has. */
export async function countByReason(fleet: Fleet): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>(reasons.map((reason) => [reason, 0]));
  for await (const slice of inSlices(fleet.values())) {
    for (const { status } of slice) {
      const reason = conditionReason(status.conditions);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return counts;
}

/** That nothing is done about these is what their spec says. */
const asAsked = new Set(['Suspended', 'NotAssigned']);

/** Since when the object that is not Ready for longest is so. */
export async function notReadySince(fleet: Fleet): Promise<NotReadySince> {
  let stalled: number | undefined;
  let passing: number | undefined;
  for await (const slice of inSlices(fleet.values())) {
    for (const { status, createdAt } of slice) {
      const conditions = status.conditions ?? [];
      const ready = conditions.find(({ type }) => type === 'Ready') ?? pendingCondition;
      if (ready.status === 'True' || asAsked.has(ready.reason)) continue;
      // The time of the CRD's default is when nothing had happened yet.
      const since = ready.reason === pendingCondition.reason ? createdAt : Date.parse(ready.lastTransitionTime);
      if (conditions.some(({ type, status: is }) => type === 'Stalled' && is === 'True'))
        stalled = earliest(stalled, since);
      else passing = earliest(passing, since);
    }
  }
  return { stalled, passing };
}

const earliest = (a: number | undefined, b: number): number => (a === undefined ? b : Math.min(a, b));
