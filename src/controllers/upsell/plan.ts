/**
 * What has to be done for one object, given its user as just read. Pure: no clock, no network, no cache. Everything that may forbid a write
 * is decided here, so that a write follows from a plan or does not happen.
 */
import type { BusinessTypesChange } from '../../acronis/api.ts';
import type { User } from '../../acronis/user.ts';
import type { Verdict } from '../../api/conditions.ts';
import type { Spec } from '../../api/spec.ts';
import type { NamespaceGuard } from '../../fleet/namespaces.ts';
import { forbids } from '../../fleet/tenancy.ts';

export type Plan =
  /** The user is as the object says. */
  | { readonly kind: 'nothing' }
  /** Send this, and nothing else. */
  | { readonly kind: 'write'; readonly change: BusinessTypesChange }
  /** Nothing may be written. `secret`: the object has no right to know anything about this user. */
  | { readonly kind: 'refuse'; readonly verdict: Verdict; readonly secret: boolean };

export interface Circumstances {
  readonly guard: NamespaceGuard;
  /** An older object that names the same user, as this object's readers may know it. */
  readonly rival: string | undefined;
}

export function plan(spec: Spec, user: User, { guard, rival }: Circumstances): Plan {
  const forbidden = forbids(spec, user, guard);
  if (forbidden !== undefined) return { kind: 'refuse', verdict: forbidden, secret: true };
  if (rival !== undefined)
    return refuse(
      'DuplicateClaim',
      `An older object, ${rival}, names the same user and keeps it. Delete one of the two.`,
    );
  const missing = spec.businessTypes.filter((type) => !user.businessTypes.includes(type));
  if (missing.length === 0) return { kind: 'nothing' };
  if (spec.managementPolicy === 'Observe')
    return refuse(
      'NotAssigned',
      'The type is not assigned, and managementPolicy is Observe. Set it to Enforce to have it assigned.',
    );
  return { kind: 'write', change: { businessTypes: [...user.businessTypes, ...missing], version: user.version } };
}

/** The same question when the object goes: what takes the types away again. The guards hold here too. */
export function planRevoke(spec: Spec, user: User, guard: NamespaceGuard): Plan {
  const forbidden = forbids(spec, user, guard);
  if (forbidden !== undefined) return { kind: 'refuse', verdict: forbidden, secret: true };
  const kept = user.businessTypes.filter((type) => !spec.businessTypes.some((revoked) => revoked === type));
  if (kept.length === user.businessTypes.length) return { kind: 'nothing' };
  return { kind: 'write', change: { businessTypes: kept, version: user.version } };
}

const refuse = (reason: Verdict['reason'], message: string): Plan => ({
  kind: 'refuse',
  verdict: { reason, message },
  secret: false,
});
