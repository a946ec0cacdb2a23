/** Users of a whole subtree, all of them or only those that changed since, page by page: what the filters of the first page and its cursors mean. */

import type { Call, Cloud } from '../state/cloud.ts';
import { reaches, type Tenant } from '../state/tenants.ts';
import type { User } from '../state/users.ts';
import { decodeCursor, type UserCursor, userCursor } from './cursor.ts';
import { countParam, cursorAlone, excludes, flagParam, lodParam, Refusal, UNLIMITED } from './query.ts';
import { sinceParam } from './read-users.ts';
import { malformed } from './responses.ts';

/** The first page's filters, from the query or from the cursor that carries them. */
export function beginOf(call: Call): UserCursor {
  const { query } = call;
  const after = query.get('after');
  if (after !== null) {
    cursorAlone(query);
    const cursor = decodeCursor(userCursor, after);
    return { ...cursor, limit: countParam(query, 'limit', cursor.limit, UNLIMITED) };
  }
  const root = query.get('subtree_root_tenant_id');
  if (root === null) {
    throw new Refusal(malformed('uuids', 'failed required_without_all: external_ids, subtree_root_tenant_id, after'));
  }
  excludes(query, 'subtree_root_tenant_id', ['tenant_id']);
  const inside = flagParam(query, 'inside_organization');
  for (const name of ['access_policies', 'tenant_kinds', 'target_tenant_id']) {
    if (query.has(name) && !inside) throw new Refusal(malformed(name, 'needs inside_organization=true beside it'));
  }
  if (query.has('target_tenant_id')) {
    throw new Refusal(malformed('target_tenant_id', 'is a filter the sandbox does not have'));
  }
  return {
    root,
    since: sinceParam(call),
    lod: lodParam(query),
    policies: flagParam(query, 'with_access_policies'),
    deleted: flagParam(query, 'allow_deleted'),
    inside: inside && call.switches.insideOrganization === 'organization',
    roles: query.get('access_policies')?.split(',') ?? null,
    kinds: query.get('tenant_kinds')?.split(',') ?? null,
    limit: countParam(query, 'limit', 2000, UNLIMITED),
    from: -1,
    to: -1,
  };
}

export interface UsersPage {
  readonly users: readonly User[];
  /** Where it ended: the place, or the change number, of its last user. */
  readonly end: number;
  readonly more: boolean;
}

export function pageOf(cloud: Cloud, root: Tenant, filter: UserCursor, after: number, omit = false): UsersPage {
  const users: User[] = [];
  let end = after;
  for (const user of candidates(cloud, filter, after)) {
    if (!fits(root, filter, user) || (omit && user.place % 2 === 1)) continue;
    if (users.length === filter.limit) return { users, end, more: true };
    users.push(user);
    end = filter.since === null ? user.place : user.change;
  }
  return { users, end, more: false };
}

function* candidates(cloud: Cloud, filter: UserCursor, after: number): Generator<User> {
  if (filter.since !== null) {
    yield* cloud.directory.changedSince(filter.since, after);
    return;
  }
  const all = cloud.directory.all();
  for (let place = after + 1; place < all.length; place++) {
    const user = all[place];
    if (user !== undefined) yield user;
  }
}

export const fits = (root: Tenant, filter: UserCursor, user: User): boolean =>
  (user.deletedAt === undefined || filter.deleted) &&
  reaches(root, user.tenant) &&
  (!filter.inside || user.tenant === root || root.kind === 'customer' || root.kind === 'unit') &&
  (filter.roles === null || user.roles.some(({ role }) => filter.roles?.includes(role))) &&
  (filter.kinds === null || filter.kinds.includes(user.tenant.kind));
