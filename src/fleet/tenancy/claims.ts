/**
 * Two objects that name one user: the older one has it. A claim counts only where it is acted upon: not while it is suspended, and not where a tenant's
 * object could block another tenant's by naming its user first.
 */
import type { User } from '../../acronis/user.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import { conditionOf } from '../../api/status.ts';
import type { Fleet } from '../cache/objects.ts';
import { sourceOf } from '../cache/objects.ts';
import type { NamespaceGuard } from './guard.ts';
import { forbids, shownWithin } from './tenancy.ts';

type GuardOf = (object: TenantUserUpsell) => NamespaceGuard | Promise<NamespaceGuard>;

/** The oldest object that has this user before `object`, as `nameFor` names it; undefined where `object` has it itself. */
export function olderClaimant(
  object: TenantUserUpsell,
  user: User,
  fleet: Fleet,
  guardOf: GuardOf,
): string | undefined | Promise<string | undefined> {
  if (!claims(object)) return undefined;
  const older = others(object, user, fleet).filter((peer) => isOlder(peer, object));
  return older.length === 0 ? undefined : firstOf(older, object, user, guardOf);
}

/** A live object that goes on holding this user when `object` is deleted, so that nothing is revoked in between; as `nameFor` names it. */
export async function remainingClaimant(
  object: TenantUserUpsell,
  user: User,
  fleet: Fleet,
  guardOf: GuardOf,
): Promise<string | undefined> {
  return await firstOf(others(object, user, fleet), object, user, guardOf);
}

/** The readers of `object` may not know what other namespaces hold, nor what they are called. */
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
    if (peer.spec.ok && forbids(peer.spec.value, user, await guardFor(peer, user, guardOf)) === undefined)
      return nameFor(peer, object);
  return undefined;
}

/** Whether a user is below the label of another namespace is not asked for here: that its object was shown the user is the proof. */
async function guardFor(peer: TenantUserUpsell, user: User, guardOf: GuardOf): Promise<NamespaceGuard> {
  const guard = await guardOf(peer);
  return guard.kind === 'tenant' && reaches(peer, user.id) ? shownWithin(guard, guard.tenantId, user) : guard;
}

/** All others that name this user, as far as the cache alone shows. Nearly always there is none, which is to cost nothing. */
function others(object: TenantUserUpsell, user: User, fleet: Fleet): TenantUserUpsell[] {
  const found: TenantUserUpsell[] = [];
  for (const key of fleet.byIndex('user', user.id)) {
    const peer = fleet.get(key);
    if (peer === undefined || peer.uid === object.uid || !claims(peer)) continue;
    if (sourceOf(peer) === sourceOf(object) || reaches(peer, user.id)) found.push(peer);
  }
  return found;
}

/** With other credentials it counts once these have shown that they reach the user, and until the user is not shown to them any more. */
export const reaches = ({ status }: TenantUserUpsell, userId: string): boolean =>
  status.userID === userId && conditionOf(status, 'Ready')?.reason !== 'UserNotFound';

/** One that is suspended, only observes or is being deleted assigns nothing, so it claims nothing. */
export const claims = ({ spec, deletedAt }: TenantUserUpsell): boolean =>
  spec.ok && deletedAt === undefined && spec.value.managementPolicy === 'Enforce' && !spec.value.suspend;

const byAge = (a: TenantUserUpsell, b: TenantUserUpsell): number =>
  a.createdAt - b.createdAt || (a.uid < b.uid ? -1 : 1);
const isOlder = (a: TenantUserUpsell, b: TenantUserUpsell): boolean => byAge(a, b) < 0;
