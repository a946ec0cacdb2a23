/**
 * The calls of the Account Management API that this operator makes, one function each, for one account: which path, and what of the response
 * is believed. Sources of each fact: the guide's chapter on quota upsell and the vendor's OpenAPI.
 */
import * as z from 'zod';
import { stringifyExact } from '../base/exact-json.ts';
import { hasBuyUrl, parseTenants, type TenantPlace } from './brand.ts';
import { type CallOptions, createCall } from './calls/call.ts';
import { AcronisError, failed, hostOf, notTheApis } from './errors.ts';
import { notVisible, type UserEvidence } from './evidence.ts';
import { nextOf } from './listings/paging.ts';
import { parseTenantPage, type TenantListStart, type TenantPage, tenantsQuery } from './listings/tenants.ts';
import { listQuery, parseUserPage, type UserListStart, type UserPage } from './listings/users.ts';
import type { AcronisOperation } from './metrics.ts';
import { parseStampPage, type StampPage } from './stamps.ts';
import {
  idSchema,
  isId,
  parseEveryUser,
  parseSearch,
  parseUser,
  parseUsers,
  type Revision,
  type SearchHit,
  type User,
} from './user.ts';

/** What a PUT sends: nothing but the list, whole, and the revision that it was read with. */
export interface BusinessTypesChange {
  readonly businessTypes: readonly string[];
  readonly version: Revision;
}

/** The most users that one read takes: `uuids` of `GET /users` (vendor's OpenAPI). */
export const maxUsersPerRead = 100;
/** Likewise of `GET /tenants`. */
export const maxTenantsPerRead = 100;
/** Of users that have one of so many external ids: each is one user's, or few users'. */
const maxPagesPerRead = 20;

/** The calls that change nothing. All methods throw AcronisError, or the signal's reason once it is aborted. */
export interface AcronisReads {
  /** `GET /users/{id}`, deleted ones included. It shows no roles: `getUsers` does. */
  getUser(id: string, signal: AbortSignal): Promise<UserEvidence>;
  /** `GET /users?uuids=`, at most `maxUsersPerRead` ids, deleted ones included. An id that the response leaves out is left out here: read it alone. */
  getUsers(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, UserEvidence>>;
  /**
   * `GET /users?external_ids=&tenant_id=`, at most `maxUsersPerRead` of the partner's ids, none with a comma: the users that are there and have one of them.
   * The list is read to its end; one that has none, and a user that cannot be read, cost it all: what is left out could make an ambiguous id look like one
   * user's.
   */
  getUsersByExternalId(tenantId: string, externalIds: readonly string[], signal: AbortSignal): Promise<readonly User[]>;
  /** `GET /search`: whose login, name or e-mail begins so, in the tenant and below; at most 300 and no further page. */
  search(
    tenantId: string,
    text: string,
    signal: AbortSignal,
  ): Promise<{ users: readonly SearchHit[]; complete: boolean }>;
  /** The tenant of the API client, which is the root of all it may see (`GET /clients/{client_id}`). */
  getRootTenant(signal: AbortSignal): Promise<string>;
  /** `GET /tenants/{id}`: the tenant above; undefined for the root of all, and for a tenant that this client is not shown. One that it may not read fails. */
  getTenantParent(id: string, signal: AbortSignal): Promise<string | undefined>;
  /** `GET /users?subtree_root_tenant_id=…&updated_since=…`, page by page: users changed since then (RFC 3339, UTC), deleted ones included. */
  getChanges(from: { root: string; since: string } | { after: string }, signal: AbortSignal): Promise<StampPage>;
  /** `GET /tenants?uuids=`, at most `maxTenantsPerRead` ids. An id that the response leaves out is left out here. */
  getTenants(ids: readonly string[], signal: AbortSignal): Promise<readonly TenantPlace[]>;
  /** `GET /users?subtree_root_tenant_id=…`, page by page: all users of a tenant and of those below it, with their roles. Deleted ones are not among them. */
  listUsers(from: UserListStart, signal: AbortSignal): Promise<UserPage>;
  /** The same of single users, at most `maxUsersPerRead` ids, deleted ones included. An id that the response leaves out is left out here. */
  listUsersById(ids: readonly string[], signal: AbortSignal): Promise<UserPage>;
  /** `GET /tenants`: a tenant and all below it, page by page, or those with these ids, at most `maxTenantsPerRead`. */
  listTenants(from: TenantListStart, signal: AbortSignal): Promise<TenantPage>;
  /**
   * `GET /tenants/{id}/brand?effective=1`: whether the branding in force has a Buy URL; undefined where there is no branding (404), or none of a tenant that is
   * not shown.
   */
  hasBuyUrl(tenantId: string, signal: AbortSignal): Promise<boolean | undefined>;
}

/** The port through which writes leave. */
export interface AcronisWrites {
  /**
   * `PUT /users/{id}` with `business_types` and `version`.
   * @param onSent called when the bytes leave, once per request sent; never for a request that only waited.
   * @returns the user after it; undefined where a 2xx shows no user: the caller reads it back.
   * @throws AcronisError, or the signal's reason once it is aborted.
   */
  putBusinessTypes(
    id: string,
    change: BusinessTypesChange,
    signal: AbortSignal,
    onSent: () => void,
  ): Promise<User | undefined>;
}

export interface AcronisApi extends AcronisReads, AcronisWrites {}

export interface ApiOptions extends CallOptions {
  readonly clientId: string;
}

/** Ids, revisions and times alone: most of a page is of users that no object names. Deletions are changes. */
const stamps = { lod: 'stamps', allow_deleted: 'true', with_access_policies: 'true' };
/** How users are listed: with what an offer follows from. */
const wholeUsers = 'lod=full&with_access_policies=true';
/** The most hits that a search gives. */
const searchLimit = 300;
const rootResponse = z.object({ tenant_id: idSchema });
const tenantResponse = z.object({ id: idSchema, parent_id: idSchema.nullish() });

export function createApi({ clientId, ...options }: ApiOptions): AcronisApi {
  const call = createCall(options);
  const host = hostOf(options.url);
  const expect = <T>(value: T | undefined, expected: string): T => {
    if (value === undefined) throw notTheApis('other-json', { host, expected }, `not ${expected}`);
    return value;
  };
  const get = async (operation: AcronisOperation, path: string, signal: AbortSignal, about?: string) => {
    const raw = await call(operation, { method: 'GET', path, ...(about === undefined ? {} : { about }) }, signal);
    if (raw === undefined) throw notTheApis('response-empty', { host }, 'nothing');
    return raw;
  };

  return {
    async getUser(id, signal) {
      if (!isId(id)) return notVisible;
      try {
        const raw = await get('get_user', `/users/${id}?allow_deleted=true`, signal, id);
        const parsed = parseUser(raw);
        if (!parsed.ok) throw notTheApis('user-malformed', { host, problem: parsed.problem }, parsed.problem);
        // A cache on the way that mixes responses up must not lead a write to another user.
        if (parsed.shown.id !== id.toLowerCase())
          throw notTheApis('other-user', { host }, 'not the user that was asked for');
        return parsed.shown.evidence;
      } catch (error) {
        if (!(error instanceof AcronisError)) throw error;
        if (error.kind === 'notFound') return notVisible;
        throw error.ofOneUser();
      }
    },
    async getUsers(ids, signal) {
      const possible = ids.filter(isId);
      if (possible.length === 0) return new Map();
      const path = `/users?uuids=${possible.join(',')}&${wholeUsers}&allow_deleted=true`;
      const [first, ...others] = possible;
      const about = others.length === 0 ? first : `${possible.length} users from ${first}`;
      const users = expect(parseUsers(await get('get_users', path, signal, about)), 'a page of users');
      return new Map(users.map(({ id, evidence }) => [id, evidence]));
    },
    async getUsersByExternalId(tenantId, externalIds, signal) {
      if (!isId(tenantId) || externalIds.length === 0) return [];
      const list = externalIds.map(encodeURIComponent).join(',');
      // It says which users a failure is about, and goes no further than memory.
      const about = `${externalIds.length} in ${tenantId} from ${externalIds[0]}`;
      const users: User[] = [];
      const cursors = new Set<string>();
      let query = `external_ids=${list}&tenant_id=${tenantId}&${wholeUsers}`;
      while (cursors.size < maxPagesPerRead) {
        const page = await get('get_users', `/users?${query}`, signal, about);
        const parsed = expect(parseEveryUser(page), 'a page of users');
        if (!parsed.ok)
          throw notTheApis('user-malformed', { host, problem: parsed.problem }, parsed.problem).ofOneUser();
        for (const { evidence } of parsed.shown) if (evidence.kind === 'seen') users.push(evidence.user);
        const next = nextOf(page);
        // Asked for alone, an external id has one page.
        if (next === undefined)
          throw notTheApis('other-json', { host, expected: 'a page of users' }, 'not a page of users').ofOneUser();
        const { after } = next;
        if (after === undefined) return users;
        if (cursors.has(after)) break;
        cursors.add(after);
        query = `${new URLSearchParams({ after })}`;
      }
      throw notTheApis('other-json', { host, expected: 'a list that ends' }, 'no end of pages').ofOneUser();
    },
    async putBusinessTypes(id, { businessTypes, version }, signal, onSent) {
      if (!isId(id)) throw failed('not-found', { host, said: 'not a UUID' }, { scope: 'user' });
      const body = stringifyExact({ business_types: businessTypes, version });
      const put = { method: 'PUT', path: `/users/${id}`, body, about: id, onSent } as const;
      const parsed = parseUser(await call('put_user', put, signal));
      if (!parsed.ok || parsed.shown.evidence.kind !== 'seen') return undefined;
      if (parsed.shown.id !== id.toLowerCase())
        throw notTheApis('other-user', { host }, 'not the user that was written').ofOneUser();
      return parsed.shown.evidence.user;
    },
    async search(tenantId, text, signal) {
      const query = new URLSearchParams({ tenant: tenantId, text, limit: String(searchLimit) });
      const { users, found } = expect(
        parseSearch(await get('search', `/search?${query}`, signal, `search in ${tenantId}`)),
        'a search result',
      );
      return { users, complete: found < searchLimit };
    },
    async getRootTenant(signal) {
      const response = rootResponse.safeParse(
        // It speaks of its own record: that this alone cannot be read must not close off what works.
        await get('get_client', `/clients/${encodeURIComponent(clientId)}`, signal, 'the API client'),
      );
      return expect(response.data, 'an API client').tenant_id;
    },
    async getTenantParent(id, signal) {
      if (!isId(id)) return undefined;
      try {
        const tenant = expect(
          tenantResponse.safeParse(await get('get_tenant', `/tenants/${id}`, signal, id)).data,
          'a tenant',
        );
        if (tenant.id !== id.toLowerCase()) {
          const facts = { host, expected: 'the tenant that was asked for' };
          throw notTheApis('other-json', facts, 'another tenant').ofOneUser();
        }
        return tenant.parent_id ?? undefined;
      } catch (error) {
        if (!(error instanceof AcronisError)) throw error;
        if (error.kind === 'notFound') return undefined;
        throw error.kind === 'forbidden' ? error.ofOneUser() : error;
      }
    },
    async getChanges(from, signal) {
      const query =
        'after' in from
          ? new URLSearchParams({ after: from.after })
          : new URLSearchParams({ subtree_root_tenant_id: from.root, updated_since: from.since, ...stamps });
      return expect(parseStampPage(await get('get_changes', `/users?${query}`, signal)), 'a page of users');
    },
    async getTenants(ids, signal) {
      const possible = ids.filter(isId);
      if (possible.length === 0) return [];
      const about = `${possible.length} tenants from ${possible[0]}`;
      return expect(
        parseTenants(await get('get_tenants', `/tenants?uuids=${possible.join(',')}`, signal, about)),
        'a page of tenants',
      );
    },
    async listUsers(from, signal) {
      const page = parseUserPage(await get('list_users', `/users?${listQuery(from)}`, signal));
      return expect(page, 'a page of users');
    },
    async listUsersById(ids, signal) {
      const possible = ids.filter(isId);
      if (possible.length === 0) return { items: [], unreadable: 0, after: undefined };
      const path = `/users?uuids=${possible.join(',')}&${wholeUsers}&allow_deleted=true`;
      const about = `${possible.length} users from ${possible[0]}`;
      return expect(parseUserPage(await get('list_users', path, signal, about)), 'a page of users');
    },
    async listTenants(from, signal) {
      const page = parseTenantPage(await get('list_tenants', `/tenants?${tenantsQuery(from)}`, signal));
      return expect(page, 'a page of tenants');
    },
    async hasBuyUrl(tenantId, signal) {
      if (!isId(tenantId)) return undefined;
      try {
        const path = `/tenants/${tenantId}/brand?effective=1`;
        // Without a body it is no branding (204).
        const raw = await call('get_brand', { method: 'GET', path, about: `brand of ${tenantId}` }, signal);
        return expect(hasBuyUrl(raw), 'a branding');
      } catch (error) {
        if (error instanceof AcronisError && error.kind === 'notFound') return undefined;
        throw error;
      }
    },
  };
}
