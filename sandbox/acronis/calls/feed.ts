/**
 * `GET /users` for a whole subtree, all users or only those that changed since, page by page. It is honest unless the switch `feed` makes it
 * otherwise: then it is refused, leaves out, repeats, loops or goes backwards.
 */

import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { reaches, type Tenant } from '../state/tenants.ts';
import { formatSeconds } from '../state/timestamps.ts';
import { NO_TYPES, type User } from '../state/users.ts';
import { decodeCursor, encodeCursor, type UserCursor, userCursor } from './cursor.ts';
import { countParam, cursorAlone, excludes, flagParam, lodParam, Refusal, UNLIMITED } from './query.ts';
import { serverTime, sinceParam } from './read-users.ts';
import { type ApiResponse, malformed, ok } from './responses.ts';
import { userItem } from './views.ts';
import { visibleTenant } from './visible.ts';

const HOUR = 3_600_000_000;

export const feed: Handler = (cloud, call): ApiResponse => {
  const lie = call.switches.feed;
  if (lie === 'refused') return malformed('subtree_root_tenant_id', 'is not available');
  const begin = beginOf(call);
  const root = visibleTenant(cloud, call, begin.root);
  const page = pageOf(cloud, root, begin, begin.to, lie === 'omits');
  const again = lie === 'repeats' && begin.to > begin.from ? pageOf(cloud, root, begin, begin.from, false).users : [];
  const items = [...again, ...page.users].map((user) => {
    const item = userItem(user, begin.lod, begin.policies, call.switches);
    return lie === 'backwards' && typeof user.version === 'number' && user.version > 1
      ? { ...item, version: user.version - 1, ...(begin.lod === 'full' ? { business_types: NO_TYPES } : {}) }
      : item;
  });
  const next = lie === 'loops' ? begin : { ...begin, from: begin.to, to: page.end };
  return ok({
    timestamp:
      lie === 'backwards'
        ? formatSeconds(cloud.now() + call.switches.clockSkewMs * 1000 - HOUR)
        : serverTime(cloud, call),
    items,
    ...(page.more || lie === 'loops' ? { paging: { cursors: { after: encodeCursor(next) } } } : {}),
  });
};

/** The first page's filters, from the query or from the cursor that carries them. */
function beginOf(call: Call): UserCursor {
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
    roles: query.get('access_policies')?.split(',') ?? null,
    kinds: query.get('tenant_kinds')?.split(',') ?? null,
    limit: countParam(query, 'limit', 2000, UNLIMITED),
    from: -1,
    to: -1,
  };
}

interface Page {
  readonly users: readonly User[];
  /** Where it ended: the place, or the change number, of its last user. */
  readonly end: number;
  readonly more: boolean;
}

function pageOf(cloud: Cloud, root: Tenant, filter: UserCursor, after: number, omit: boolean): Page {
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

const fits = (root: Tenant, filter: UserCursor, user: User): boolean =>
  (user.deletedAt === undefined || filter.deleted) &&
  reaches(root, user.tenant) &&
  (filter.roles === null || user.roles.some(({ role }) => filter.roles?.includes(role))) &&
  (filter.kinds === null || filter.kinds.includes(user.tenant.kind));
