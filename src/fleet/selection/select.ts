/**
 * Whether a user is one of those that a selection means: the one place where it is decided, for policies and for the command line. Pure. What the API was
 * asked to filter by is judged again. A user of whom the response does not show enough is unjudged: it is neither given an object for it nor does it lose one.
 */

import type { ListedUser } from '../../acronis/listings/users.ts';
import { isId } from '../../acronis/user.ts';
import type { Selection } from '../../api/policy/spec.ts';
import { type TenantKind, tenantKinds } from '../../api/policy/spec.ts';
import { globOf } from './glob.ts';

export type Judgement =
  | { readonly kind: 'match' }
  | { readonly kind: 'noMatch'; readonly why: WhyNot }
  | { readonly kind: 'unjudged'; readonly why: Hidden };

export type WhyNot =
  | 'deleted'
  | 'serviceAccount'
  | 'guest'
  | 'excluded'
  | 'otherTenant'
  | 'otherTenantKind'
  | 'disabled'
  | 'otherRole'
  | 'otherLogin';

/** What the response does not show and the selection needs. */
export type Hidden = 'roles' | 'login' | 'enabled' | 'tenantKind' | 'tenantPlace';

/** @param tenantKind the kind of the user's own tenant; undefined where it is not known. */
export type Selector = (user: ListedUser, tenantKind: string | undefined) => Judgement;

/** The judge of a selection. Globs are read once, since a list has hundreds of thousands of users. */
export function selectorOf({ tenantID, includeSubtenants, tenantKinds: kinds, users }: Selection): Selector {
  const excluded = new Set(users.exclude.filter(isId).map((id) => id.toLowerCase()));
  const excludedLogins = users.exclude.filter((text) => !isId(text)).map(globOf);
  const logins = users.logins?.map(globOf);
  const anyKind = tenantKinds.every((kind) => kinds.includes(kind));

  /** Each in turn: undefined where it does not stand against the user. What is certain goes before what is not shown. */
  const whyNot = (user: ListedUser, tenantKind: string | undefined): WhyNot | undefined => {
    const { id, tenantId, login, enabled, roles } = user;
    if (user.isDeleted) return 'deleted';
    if (user.isServiceAccount) return 'serviceAccount';
    if (user.isGuest) return 'guest';
    if (excluded.has(id)) return 'excluded';
    if (login !== undefined && excludedLogins.some((glob) => glob(login))) return 'excluded';
    if (!includeSubtenants && tenantId !== tenantID) return 'otherTenant';
    if (!anyKind && tenantKind !== undefined && !kinds.some((kind) => kind === tenantKind)) return 'otherTenantKind';
    if (users.enabled && enabled === false) return 'disabled';
    if (users.roles.length > 0 && roles?.some((role) => users.roles.includes(role)) === false) return 'otherRole';
    if (logins !== undefined && login !== undefined && !logins.some((glob) => glob(login))) return 'otherLogin';
    return undefined;
  };

  /** Of one against whom nothing stands. */
  const hidden = ({ login, enabled, roles }: ListedUser, tenantKind: string | undefined): Hidden | undefined => {
    // Without roles it is not known whether it is a guest either.
    if (roles === undefined) return 'roles';
    if (login === undefined && (logins !== undefined || excludedLogins.length > 0)) return 'login';
    if (users.enabled && enabled === undefined) return 'enabled';
    if (!anyKind && tenantKind === undefined) return 'tenantKind';
    return undefined;
  };

  return (user, tenantKind) => {
    const why = whyNot(user, tenantKind);
    if (why !== undefined) return { kind: 'noMatch', why };
    const what = hidden(user, tenantKind);
    return what === undefined ? { kind: 'match' } : { kind: 'unjudged', why: what };
  };
}

/** Whether a tenant of this kind is an organization or a part of one: there the API can filter users by itself. */
export const isOrganization = (kind: string | undefined): kind is TenantKind => kind === 'customer' || kind === 'unit';
