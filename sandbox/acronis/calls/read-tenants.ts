/** Reading tenants and who is in them; search. */

import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { reaches, subtreeOf, type Tenant } from '../state/tenants.ts';
import type { User } from '../state/users.ts';
import { decodeCursor, encodeCursor, type TenantCursor, tenantCursor } from './cursor.ts';
import { countParam, cursorAlone, excludes, flagParam, lodParam, Refusal, UNLIMITED, uuidsParam } from './query.ts';
import { serverTime, sinceParam } from './read-users.ts';
import { type ApiResponse, malformed, ok } from './responses.ts';
import { tenantView } from './views.ts';
import { visibleTenant } from './visible.ts';

export const getTenant: Handler = (cloud, call) =>
  ok(tenantView(visibleTenant(cloud, call, call.id), 'full', call.caller.tenant, call.switches));

export const getTenants: Handler = (cloud, call) => {
  const begin = call.query.has('uuids') ? undefined : tenantsBegin(call);
  const lod = begin?.lod ?? lodParam(call.query);
  const found = begin === undefined ? tenantsByUuids(cloud, call) : tenantsBelow(cloud, call, begin);
  const start = begin === undefined ? 0 : begin.to;
  const end = begin === undefined ? found.length : start + begin.limit;
  const items = found.slice(start, end).map((tenant) => tenantView(tenant, lod, call.caller.tenant, call.switches));
  const paging =
    begin !== undefined && end < found.length
      ? { paging: { cursors: { after: encodeCursor({ ...begin, to: end }) } } }
      : {};
  return ok({ timestamp: serverTime(cloud, call), items, ...paging });
};

function tenantsBegin(call: Call): TenantCursor {
  const { query } = call;
  const after = query.get('after');
  if (after !== null) {
    cursorAlone(query);
    const cursor = decodeCursor(tenantCursor, after);
    return { ...cursor, limit: countParam(query, 'limit', cursor.limit, UNLIMITED) };
  }
  const parent = query.get('parent_id');
  const root = query.get('subtree_root_id');
  if (parent === null && root === null) {
    // The sentence people met in the field when a tool asked for all tenants without a filter.
    throw new Refusal(malformed('uuids', 'failed required_without_all: parent_id, subtree_root_id, after'));
  }
  if (parent !== null) excludes(query, 'parent_id', ['subtree_root_id']);
  return {
    parent,
    root,
    since: sinceParam(call),
    lod: lodParam(query),
    limit: countParam(query, 'limit', 5000, UNLIMITED),
    to: 0,
  };
}

function tenantsByUuids(cloud: Cloud, call: Call): Tenant[] {
  excludes(call.query, 'uuids', ['parent_id', 'subtree_root_id']);
  return [...uuidsParam(call.query)].sort().flatMap((id) => {
    const tenant = cloud.tenants.get(id);
    return tenant !== undefined && reaches(call.caller.tenant, tenant) ? [tenant] : [];
  });
}

function tenantsBelow(cloud: Cloud, call: Call, { parent, root, since }: TenantCursor): Tenant[] {
  const found =
    parent === null
      ? subtreeOf(visibleTenant(cloud, call, root ?? undefined))
      : visibleTenant(cloud, call, parent).children.filter((child) => reaches(call.caller.tenant, child));
  return since === null ? found : found.filter((tenant) => tenant.updatedAt > since);
}

const ORDERS = ['as_is', 'login', 'status', 'name', 'roles', 'level', 'usage', 'mfa_status', 'contact_types'];

/** Ids only, all in one page. */
export const getTenantUsers: Handler = (cloud, call) => {
  const tenant = visibleTenant(cloud, call, call.id);
  const below = flagParam(call.query, 'include_grand_children');
  const deleted = flagParam(call.query, 'allow_deleted');
  const order = call.query.get('order') ?? 'name';
  const key = order.replace(/^-/, '').replace(/\..*$/, '');
  if (!ORDERS.includes(key)) return malformed('order', `must be one of ${ORDERS.join(', ')}`);
  // From a customer down to its units; from anything above a customer, down through its folders.
  const descends = (at: Tenant): boolean =>
    tenant.kind === 'customer' || tenant.kind === 'unit' ? true : at === tenant || at.kind === 'folder';
  const users = cloud.directory
    .all()
    .filter(
      (user) =>
        (user.deletedAt === undefined || deleted) &&
        (user.tenant === tenant || (below && reaches(tenant, user.tenant) && descends(user.tenant))),
    );
  const sortKey = (user: User): string => (key === 'name' ? `${user.firstname} ${user.lastname}` : user.login);
  if (key !== 'as_is') users.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  if (order.startsWith('-')) users.reverse();
  return ok({ items: users.map((user) => user.id) });
};

/** Ids only. */
export const getChildren: Handler = (cloud, call) => {
  const { children } = visibleTenant(cloud, call, call.id);
  return ok({ items: children.filter((child) => reaches(call.caller.tenant, child)).map(({ id }) => id) });
};

export const search: Handler = (cloud, call): ApiResponse => {
  const tenantId = call.query.get('tenant');
  const text = (call.query.get('text') ?? '').trim();
  if (tenantId === null) return malformed('tenant', 'is required');
  if (text.length < 3) return malformed('text', 'is required, with 3 characters at least');
  const limit = countParam(call.query, 'limit', 10, 300);
  const tenant = visibleTenant(cloud, call, tenantId);
  return ok({ items: cloud.search.find(tenant, text, limit, flagParam(call.query, 'allow_deleted')) });
};
