/** The children of a policy, as the cache has them. */
import type { TenantUserUpsell } from '../../../api/object.ts';
import { type Fleet, orphansOf } from '../../../fleet/objects.ts';
import type { Child } from '../plan/plan.ts';
import { isChildOf, isCurrent, type Policy, type Template } from './template.ts';

export interface KnownChild extends Child {
  readonly object: TenantUserUpsell;
}

/** By the id of the user. */
export function childrenOf(
  policy: Policy,
  template: Template,
  fleet: Pick<Fleet, 'byIndex' | 'get'>,
): ReadonlyMap<string, KnownChild> {
  const found = new Map<string, KnownChild>();
  for (const object of objectsOf(policy, fleet)) {
    const userId = object.spec.ok ? object.spec.value.userID : undefined;
    if (userId === undefined) continue;
    const { createdAt, deletedAt } = object;
    found.set(userId, { userId, object, isCurrent: isCurrent(object, template), createdAt, deletedAt });
  }
  return found;
}

/** Read them immediately: they may change with the cache. */
export function* objectsOf(policy: Policy, fleet: Pick<Fleet, 'byIndex' | 'get'>): Iterable<TenantUserUpsell> {
  for (const value of [policy.uid, orphansOf(policy.namespace, policy.name)])
    for (const key of fleet.byIndex('policy', value)) {
      const object = fleet.get(key);
      if (object !== undefined && isChildOf(object, policy)) yield object;
    }
}
