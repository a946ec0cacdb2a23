/** Reading users: one, many by id, whether a login is taken, roles. */

import type { Call, Cloud, Handler } from '../state/cloud.ts';
import { reaches } from '../state/tenants.ts';
import { formatSeconds, parseMicros } from '../state/timestamps.ts';
import type { User } from '../state/users.ts';
import { excludes, flagParam, lodParam, Refusal, uuidsParam } from './query.ts';
import { type ApiResponse, duplicate, envelope, malformed, ok } from './responses.ts';
import { userItem, userView } from './views.ts';
import { visibleTenant, visibleUser } from './visible.ts';

export const serverTime = (cloud: Cloud, call: Call): string =>
  formatSeconds(cloud.now() + (call.switches.clockSkewMs + call.switches.timestampAheadMs) * 1000);

/** `updated_since`, brought from the cloud's clock to the machine's. */
export function sinceParam(call: Call): number | null {
  const text = call.query.get('updated_since');
  if (text === null) return null;
  const since = parseMicros(text);
  if (since === undefined) {
    throw new Refusal(malformed('updated_since', 'must be a time such as 2024-01-01T00:00:00Z (is the + encoded?)'));
  }
  return since - call.switches.clockSkewMs * 1000;
}

export const getUser: Handler = (cloud, call) => {
  const user = visibleUser(cloud, call, flagParam(call.query, 'allow_deleted'));
  // The user's schema has the field, but the operation does not list the parameter.
  const policies = flagParam(call.query, 'with_access_policies') && call.switches.policiesOfOne === 'shown';
  return ok(userView(user, call.switches, policies));
};

/** By `uuids`, or by `external_ids` in a tenant. Ids that are unknown or cannot be seen are left out without a word. */
export const getUsers: Handler = (cloud, call) => {
  const { query } = call;
  const lod = lodParam(query);
  const policies = flagParam(query, 'with_access_policies');
  const deleted = flagParam(query, 'allow_deleted');
  const since = sinceParam(call);
  const items: unknown[] = [];
  for (const user of query.has('uuids') ? byUuids(cloud, query) : byExternalIds(cloud, call)) {
    if (user.deletedAt !== undefined && !deleted) continue;
    if (since !== null && user.updatedAt <= since) continue;
    if (reaches(call.caller.tenant, user.tenant)) items.push(userItem(user, lod, policies, call.switches));
  }
  return ok({ timestamp: serverTime(cloud, call), items });
};

function* byUuids(cloud: Cloud, query: URLSearchParams): Generator<User> {
  excludes(query, 'uuids', ['subtree_root_tenant_id', 'external_ids', 'tenant_id']);
  // Sorted, so that no client comes to rely on getting them in the order asked for.
  for (const id of [...uuidsParam(query)].sort()) {
    const user = cloud.directory.get(id);
    if (user !== undefined) yield user;
  }
}

function* byExternalIds(cloud: Cloud, call: Call): Generator<User> {
  excludes(call.query, 'external_ids', ['subtree_root_tenant_id']);
  const tenantId = call.query.get('tenant_id');
  if (tenantId === null) throw new Refusal(malformed('external_ids', 'needs tenant_id beside it'));
  const tenant = visibleTenant(cloud, call, tenantId);
  const ids = new Set((call.query.get('external_ids') ?? '').split(','));
  if (ids.size > 100)
    throw new Refusal(malformed('external_ids', `at most 100 are allowed, and these are ${ids.size}`));
  const below = call.switches.externalIdScope === 'subtree';
  for (const user of cloud.directory.all()) {
    const id = user.rest?.external_id;
    if (id !== undefined && ids.has(id) && (user.tenant === tenant || (below && reaches(tenant, user.tenant))))
      yield user;
  }
}

/** Letters, digits and the signs the guide allows. */
export const LOGIN = /^[A-Za-z0-9.@_+:!#$%^*={}’'\\`/?-]+$/;

export function loginTaken(cloud: Cloud, call: Call, login: string, except?: User): boolean {
  const fold = (text: string) => (call.switches.loginCase === 'sensitive' ? text : text.toLowerCase());
  const wanted = fold(login);
  return cloud.directory
    .all()
    .some((user) => user !== except && user.deletedAt === undefined && fold(user.login) === wanted);
}

export const checkLogin: Handler = (cloud, call): ApiResponse => {
  const username = call.query.get('username') ?? '';
  if (!LOGIN.test(username)) return envelope(406, 406, 'Not Acceptable', 'username: must be a login');
  return loginTaken(cloud, call, username) ? duplicate() : { status: 204, text: '' };
};
