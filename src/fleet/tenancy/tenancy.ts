/**
 * Who may name whom: which tenant's users an object may touch, by its namespace's label and its own `tenantID`. A partner's credentials reach every
 * tenant; an object must not. Pure but for `guardOf`, which may have to ask for a namespace that the cache does not know yet.
 */
import type { User } from '../../acronis/user.ts';
import type { AcronisAccount } from '../../api/account/object.ts';
import type { Verdict } from '../../api/conditions.ts';
import { tenantIdLabel } from '../../api/names.ts';
import type { Spec } from '../../api/spec.ts';
import type { KubernetesReader } from '../../kubernetes/calls/client.ts';
import type { AccountObjects } from '../accounts/account-objects.ts';
import type { Account } from '../accounts/accounts.ts';
import { allows } from '../accounts/admission.ts';
import { boundedTo } from '../accounts/bounded.ts';
import type { NamespaceLabel, NamespaceStore } from '../cache/namespaces.ts';
import { accountNameOf, ownSource, type Served, sourceOf } from '../cache/objects.ts';
import { guardOf, type NamespaceGuard } from './guard.ts';

export interface TenancyOptions {
  readonly namespaces: NamespaceStore;
  readonly client: KubernetesReader;
  /** `--require-tenant-label` */
  readonly requireTenantLabel: boolean;
  readonly accountObjects: AccountObjects;
}

/**
 * The namespace's label binds the operator's own credentials and its AcronisAccounts, which besides have to allow the namespace; an object that brings
 * credentials has shown what they may do.
 */
export function namespaceGuard(
  object: Served,
  context: TenancyOptions,
  signal: AbortSignal,
): NamespaceGuard | Promise<NamespaceGuard> {
  const { namespaces: store, client, requireTenantLabel: requireLabel, accountObjects } = context;
  const source = sourceOf(object);
  const name = accountNameOf(source);
  if (source !== ownSource && name === undefined) return { kind: 'any' };
  if (name === undefined) return guardOf(object.namespace, { store, client, requireLabel }, signal);
  const account = accountFor(object, accountObjects);
  if (account === undefined) return { kind: 'noAccount', verdict: noAccount(name, accountObjects) };
  const refuses = ({ key, labels }: NamespaceLabel) =>
    allows(account, { name: key, labels }) ? undefined : accountNotAllowed(account);
  return guardOf(object.namespace, { store, client, requireLabel, refuses }, signal);
}

/** The AcronisAccount that an object names; for one that is being deleted, also one that was deleted before it. */
function accountFor(
  object: Served,
  accountObjects: Pick<AccountObjects, 'get' | 'lastKnown'>,
): AcronisAccount | undefined {
  const name = accountNameOf(sourceOf(object));
  if (name === undefined) return undefined;
  return object.deletedAt === undefined ? accountObjects.get(name) : accountObjects.lastKnown(name);
}

/**
 * The account as objects of a namespace may use it: users of other tenants than its label's and those below are not shown to them. What it shows is the proof
 * that a user is below.
 */
export const withinLabel = <W>(guard: NamespaceGuard, account: Account<W>): Account<W> =>
  guard.kind === 'tenant' ? boundedTo([guard.tenantId], account) : account;

/** The guard as it stands to a user that an account showed which is bounded to this label. */
export const shownWithin = (guard: NamespaceGuard, label: string | undefined, user: User): NamespaceGuard =>
  guard.kind === 'tenant' && guard.tenantId === label ? { ...guard, below: user.tenantId } : guard;

/** Which users an object may be shown, by the AcronisAccount that it names. */
export type Bounds =
  /** All that its credentials reach. */
  | { readonly kind: 'none' }
  /** Those of these tenants and below. */
  | { readonly kind: 'tenants'; readonly tenantIDs: readonly string[] }
  | { readonly kind: 'noAccount'; readonly verdict: Verdict };

export function boundsOf(object: Served, accountObjects: AccountObjects): Bounds {
  const name = accountNameOf(sourceOf(object));
  if (name === undefined) return { kind: 'none' };
  const account = accountFor(object, accountObjects);
  if (account === undefined) return { kind: 'noAccount', verdict: noAccount(name, accountObjects) };
  if (!account.spec.ok) return { kind: 'noAccount', verdict: accountNotAllowed(account) };
  const { tenantIDs } = account.spec.value;
  return tenantIDs === undefined ? { kind: 'none' } : { kind: 'tenants', tenantIDs };
}

/**
 * Why this object may not even ask for its user, if it may not. Asked before anything is read, so that an object cannot find out which
 * logins another tenant has by how it is refused.
 */
export function forbidsAsking(spec: Pick<Spec, 'tenantID'>, guard: NamespaceGuard): Verdict | undefined {
  const forbidden = forbidsAll(guard);
  if (forbidden !== undefined) return forbidden;
  if (guard.kind === 'tenant' && spec.tenantID !== undefined && guard.tenantId !== spec.tenantID)
    return {
      reason: 'NamespaceNotAllowed',
      message: `spec.tenantID is not the tenant that the namespace's label ${tenantIdLabel} names. Move the object to that tenant's namespace.`,
    };
  return undefined;
}

/** Why nothing of this namespace may ask for anything, if it may not. */
export function forbidsAll(guard: NamespaceGuard): Verdict | undefined {
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
  return undefined;
}

/** Why this object may not touch this user, if it may not. A partner's credentials reach every tenant; an object must not. */
export function forbids(spec: Spec, user: User, guard: NamespaceGuard): Verdict | undefined {
  const asking = forbidsAsking(spec, guard);
  if (asking !== undefined) return asking;
  if (guard.kind === 'tenant' && user.tenantId !== guard.tenantId && user.tenantId !== guard.below)
    return noUserOfTheLabel;
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

const noAccount = (name: string, { isSynced }: Pick<AccountObjects, 'isSynced'>): Verdict =>
  isSynced() ? accountNotFound(name) : accountsUnread;

const accountNotFound = (name: string): Verdict => ({
  reason: 'AccountNotFound',
  message: `The operator's namespace has no AcronisAccount ${name}. Create it, or correct accountRef.`,
});

const accountNotAllowed = ({ name, spec }: AcronisAccount): Verdict => ({
  reason: 'AccountNotAllowed',
  message: spec.ok
    ? `AcronisAccount ${name} does not allow this namespace. Add it to allowedNamespaces of the account, or give it the labels that the account selects by.`
    : `AcronisAccount ${name} serves no namespace, since its spec breaks a rule that its status names. Correct it.`,
});

/** It passes as soon as the operator can read them. */
const accountsUnread: Verdict = {
  reason: 'Unavailable',
  message:
    "The operator has not been able to read AcronisAccounts in its namespace. See whether their CRD is installed, and whether the operator's ServiceAccount may list and watch them.",
};
