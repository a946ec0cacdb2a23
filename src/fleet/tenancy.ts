/**
 * Who may name whom: which tenant's users an object may touch, by its namespace's label and its own `tenantID`. A partner's credentials reach every
 * tenant; an object must not. Pure but for `guardOf`, which may have to ask for a namespace that the cache does not know yet.
 */
import type { User } from '../acronis/user.ts';
import type { Verdict } from '../api/conditions.ts';
import { tenantIdLabel } from '../api/names.ts';
import type { TenantUserUpsell } from '../api/object.ts';
import type { Spec } from '../api/spec.ts';
import type { KubernetesClient } from '../kubernetes/calls/client.ts';
import { guardOf, type NamespaceGuard, type NamespaceStore } from './namespaces.ts';
import { accountNameOf, ownSource, sourceOf } from './objects.ts';

export interface TenancyOptions {
  readonly namespaces: NamespaceStore;
  readonly client: KubernetesClient;
  /** `--require-tenant-label` */
  readonly requireTenantLabel: boolean;
}

/** The namespace's label binds the operator's own credentials only: an object that brings credentials has shown what they may do. */
export function namespaceGuard(
  object: TenantUserUpsell,
  context: TenancyOptions,
  signal: AbortSignal,
): NamespaceGuard | Promise<NamespaceGuard> {
  const source = sourceOf(object);
  const account = accountNameOf(source);
  if (account !== undefined) return { kind: 'noAccount', verdict: accountNotFound(account) };
  if (source !== ownSource) return { kind: 'any' };
  const { namespaces: store, client, requireTenantLabel: requireLabel } = context;
  return guardOf(object.namespace, { store, client, requireLabel }, signal);
}

/**
 * Why this object may not even ask for its user, if it may not. Asked before anything is read, so that an object cannot find out which
 * logins another tenant has by how it is refused.
 */
export function forbidsAsking(spec: Spec, guard: NamespaceGuard): Verdict | undefined {
  if (guard.kind === 'noAccount') return guard.verdict;
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
  if (guard.kind === 'tenant' && guard.tenantId !== user.tenantId) return noUserOfTheLabel;
  if (spec.tenantID !== undefined && spec.tenantID !== user.tenantId)
    return {
      reason: 'TenantMismatch',
      message:
        "The user is not in spec.tenantID itself, but in another tenant: perhaps a unit or a personal tenant below it. Look up the user's own tenant (tenant_id of GET /users/{id}, or the user's page in the management portal). Delete this object and create it with that tenant.",
    };
  return undefined;
}

/** Whether the namespace's label names a tenant: whose users exist elsewhere is then no business of the namespace. */
export const isLabelled = (guard: NamespaceGuard): boolean => guard.kind === 'tenant';

/** The same for a user of another tenant and for one that does not exist, so that they cannot be distinguished. */
export const noUserOfTheLabel: Verdict = {
  reason: 'NamespaceNotAllowed',
  message: `The tenant that the namespace's label ${tenantIdLabel} names has no such user. Correct the user, or move the object to the namespace of the user's own tenant.`,
};

const accountNotFound = (name: string): Verdict => ({
  reason: 'AccountNotFound',
  message: `The operator's namespace has no AcronisAccount ${name}. Create it, or correct accountRef.`,
});
