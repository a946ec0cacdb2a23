/**
 * What has to be done for one object, given its user as just read. Pure: no clock, no network, no cache. Everything that may forbid a write
 * is decided here, so that a write follows from a plan or does not happen.
 */
import type { BusinessTypesChange } from '../acronis/api.ts';
import type { User } from '../acronis/user.ts';
import type { Verdict } from '../api/conditions.ts';
import { tenantIdLabel } from '../api/names.ts';
import type { Spec } from '../api/spec.ts';

export type Plan =
  /** The user is as the object says. */
  | { readonly kind: 'nothing' }
  /** Send this, and nothing else. */
  | { readonly kind: 'write'; readonly change: BusinessTypesChange }
  /** Nothing may be written. `secret`: the object has no right to know anything about this user. */
  | { readonly kind: 'refuse'; readonly verdict: Verdict; readonly secret: boolean };

/** Which tenant's users an object's namespace may name. */
export type NamespaceGuard =
  | { readonly kind: 'any' }
  | { readonly kind: 'tenant'; readonly tenantId: string }
  /** `--require-tenant-label` is set and the namespace has no label. */
  | { readonly kind: 'none' }
  /** The operator may not read the namespace, or it is gone: nobody can say what its label forbids. */
  | { readonly kind: 'unreadable' };

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

/**
 * Why this object may not even ask for its user, if it may not. Asked before anything is read, so that an object cannot find out which
 * logins another tenant has by how it is refused.
 */
export function forbidsAsking(spec: Spec, guard: NamespaceGuard): Verdict | undefined {
  if (guard.kind === 'unreadable')
    return {
      reason: 'NamespaceNotAllowed',
      message: `The operator cannot read this namespace, so it does not know its label ${tenantIdLabel}. Allow the operator's ServiceAccount to get namespaces.`,
    };
  if (guard.kind === 'none')
    return {
      reason: 'NamespaceNotAllowed',
      message: `The namespace has no label ${tenantIdLabel}, which the operator demands. Set it to the id of the tenant whose users belong here.`,
    };
  if (guard.kind === 'tenant' && spec.tenantID !== undefined && guard.tenantId !== spec.tenantID)
    return {
      reason: 'NamespaceNotAllowed',
      message: `spec.tenantID is not the tenant that the namespace's label ${tenantIdLabel} names. Move the object to that tenant's namespace.`,
    };
  return undefined;
}

/** Why this object may not touch this user, if it may not. A partner's credentials reach every tenant; an object must not. */
export function forbids(spec: Spec, user: User, guard: NamespaceGuard): Verdict | undefined {
  const asking = forbidsAsking(spec, guard);
  if (asking !== undefined) return asking;
  if (guard.kind === 'tenant' && guard.tenantId !== user.tenantId)
    return {
      reason: 'NamespaceNotAllowed',
      message: `The user is not of the tenant that the namespace's label ${tenantIdLabel} names. Move the object to that tenant's namespace.`,
    };
  if (spec.tenantID !== undefined && spec.tenantID !== user.tenantId)
    return {
      reason: 'TenantMismatch',
      message:
        'The user belongs to another tenant than spec.tenantID. Delete this object and create it with the right user and tenant.',
    };
  return undefined;
}

const refuse = (reason: Verdict['reason'], message: string): Plan => ({
  kind: 'refuse',
  verdict: { reason, message },
  secret: false,
});
