/** The children of a policy, as the cache has them. */
import type { TenantUserUpsell } from '../../../api/object.ts';
import { type Fleet, orphansOf } from '../../../fleet/cache/objects.ts';
import type { Child } from '../plan/plan.ts';
import { isChildOf, isCurrent, listedBy, type Policy, type Template } from './template.ts';

export interface KnownChild extends Child {
  readonly object: TenantUserUpsell;
}

/**
 * By the id of the user.
 * @param gone by user, the uid of a child that was deleted just now: it is one that is being deleted, though the cache does not show it yet.
 */
export function childrenOf(
  policy: Policy,
  template: Template,
  fleet: Pick<Fleet, 'byIndex' | 'get'>,
  gone: ReadonlyMap<string, string>,
): ReadonlyMap<string, KnownChild> {
  const found = new Map<string, KnownChild>();
  for (const object of objectsOf(policy, fleet)) {
    const userId = object.spec.ok ? object.spec.value.userID : undefined;
    if (userId === undefined) continue;
    const isDeleted = object.deletedAt !== undefined || gone.get(userId) === object.uid;
    found.set(userId, { object, isCurrent: isCurrent(object, template), createdAt: object.createdAt, isDeleted });
  }
  return found;
}

/** Those that are not being deleted. Read them immediately: they may change with the cache. */
export function* liveObjectsOf(policy: Policy, fleet: Pick<Fleet, 'byIndex' | 'get'>): Iterable<TenantUserUpsell> {
  for (const object of objectsOf(policy, fleet)) if (object.deletedAt === undefined) yield object;
}

/** The users of the children that this API client listed: of the others it proves nothing, since what one client was shown another one may not be. */
export function* usersListedBy(
  client: string,
  policy: Policy,
  fleet: Pick<Fleet, 'byIndex' | 'get'>,
): Iterable<string> {
  for (const { child, spec } of objectsOf(policy, fleet))
    if (listedBy(child) === client && spec.ok && spec.value.userID !== undefined) yield spec.value.userID;
}

function* objectsOf(policy: Policy, fleet: Pick<Fleet, 'byIndex' | 'get'>): Iterable<TenantUserUpsell> {
  for (const value of [policy.uid, orphansOf(policy.namespace, policy.name)])
    for (const key of fleet.byIndex('policy', value)) {
      const object = fleet.get(key);
      if (object !== undefined && isChildOf(object, policy)) yield object;
    }
}
