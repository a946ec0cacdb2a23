/**
 * Two objects that name one user: the older one has it. A claim counts only where it could be acted upon, so that nobody can block
 * another tenant's object by naming its user first.
 */
import type { User } from '../acronis/user.ts';
import type { TenantUserUpsell } from '../api/object.ts';
import type { NamespaceGuard } from './namespaces.ts';
import type { Fleet } from './objects.ts';
import { sourceOf } from './objects.ts';
import { forbids } from './tenancy.ts';

type GuardOf = (object: TenantUserUpsell) => NamespaceGuard | Promise<NamespaceGuard>;

/** The oldest object that has this user before `object`, as `nameFor` names it; undefined where `object` has it itself. */
export function rivalOf(
  object: TenantUserUpsell,
  user: User,
  fleet: Fleet,
  guardOf: GuardOf,
): string | undefined | Promise<string | undefined> {
  if (!writes(object)) return undefined;
  const older = others(object, user, fleet).filter((peer) => isOlder(peer, object));
  return older.length === 0 ? undefined : firstOf(older, object, user, guardOf);
}

/** A live object that goes on holding this user when `object` is deleted, so that nothing is taken away in between; as `nameFor` names it. */
export async function heirOf(
  object: TenantUserUpsell,
  user: User,
  fleet: Fleet,
  guardOf: GuardOf,
): Promise<string | undefined> {
  const active = others(object, user, fleet).filter((peer) => peer.spec.ok && !peer.spec.value.suspend);
  return await firstOf(active, object, user, guardOf);
}

/** Who may read `object` may not know what other namespaces hold, nor what they are called. */
const nameFor = (peer: TenantUserUpsell, object: TenantUserUpsell): string =>
  peer.namespace === object.namespace ? peer.name : 'one in another namespace';

/** The oldest of these that could act upon the user, as `nameFor` names it. */
async function firstOf(
  peers: readonly TenantUserUpsell[],
  object: TenantUserUpsell,
  user: User,
  guardOf: GuardOf,
): Promise<string | undefined> {
  for (const peer of peers.toSorted(byAge))
    if (peer.spec.ok && forbids(peer.spec.value, user, await guardOf(peer)) === undefined) return nameFor(peer, object);
  return undefined;
}

/** All others that name this user, as far as the cache alone can tell. Nearly always there is none, which is to cost nothing. */
function others(object: TenantUserUpsell, user: User, fleet: Fleet): TenantUserUpsell[] {
  const found: TenantUserUpsell[] = [];
  for (const key of fleet.byIndex('user', user.id)) {
    const peer = fleet.get(key);
    if (peer === undefined || peer.uid === object.uid || peer.deletedAt !== undefined || !writes(peer)) continue;
    // With other credentials it counts once these have shown that they reach the user.
    if (sourceOf(peer) === sourceOf(object) || peer.status.userID === user.id) found.push(peer);
  }
  return found;
}

const writes = (object: TenantUserUpsell): boolean =>
  object.spec.ok && object.spec.value.managementPolicy === 'Enforce';

const byAge = (a: TenantUserUpsell, b: TenantUserUpsell): number =>
  a.createdAt - b.createdAt || (a.uid < b.uid ? -1 : 1);
const isOlder = (a: TenantUserUpsell, b: TenantUserUpsell): boolean => byAge(a, b) < 0;
