/**
 * The calls of the Account Management API that this operator makes, one function each, for one account: which path, and what of the answer
 * is believed. Sources of each fact: the guide's chapter on quota upsell and the vendor's OpenAPI.
 */
import * as z from 'zod';
import { type CallOptions, createCall } from './call.ts';
import { AcronisError, notTheApis } from './errors.ts';
import type { AcronisOperation } from './metrics.ts';
import {
  idSchema,
  isId,
  parseSearch,
  parseUser,
  parseUserPage,
  type SearchHit,
  type User,
  type UserPage,
} from './user.ts';

/** What a PUT sends: nothing but the list, whole, and the revision that it was read with. */
export interface BusinessTypesChange {
  readonly businessTypes: readonly string[];
  readonly version: number;
}

/** The most users that one read takes: `uuids` of `GET /users` (vendor's OpenAPI). */
export const mostUsersPerRead = 100;

/** All methods throw AcronisError, or the signal's reason once it is aborted. */
export interface AcronisApi {
  /** `GET /users/{id}`; undefined where there is no such user. */
  getUser(id: string, signal: AbortSignal): Promise<User | undefined>;
  /** `GET /users?uuids=`, at most `mostUsersPerRead` ids. Users that do not exist are left out of the answer. */
  getUsers(ids: readonly string[], signal: AbortSignal): Promise<readonly User[]>;
  /** `PUT /users/{id}` with `business_types` and `version`; the answer is the user after it. */
  putBusinessTypes(id: string, change: BusinessTypesChange, signal: AbortSignal): Promise<User>;
  /** `GET /search`: whose login, name or e-mail begins so, in the tenant and below; at most 300 and no further page. */
  search(
    tenantId: string,
    text: string,
    signal: AbortSignal,
  ): Promise<{ users: readonly SearchHit[]; complete: boolean }>;
  /** The tenant of the API client, which is the root of all it may see (`GET /clients/{client_id}`). */
  getRootTenant(signal: AbortSignal): Promise<string>;
  /** `GET /users?subtree_root_tenant_id=…&updated_since=…`, page by page: users changed since then (RFC 3339, UTC). */
  getChanges(from: { root: string; since: string } | { after: string }, signal: AbortSignal): Promise<UserPage>;
}

export interface ApiOptions extends CallOptions {
  readonly clientId: string;
}

/** The most hits that a search gives. */
const searchLimit = 300;
const rootAnswer = z.object({ tenant_id: idSchema });

export function createApi({ clientId, ...options }: ApiOptions): AcronisApi {
  const call = createCall(options);
  const get = (operation: AcronisOperation, path: string, signal: AbortSignal) =>
    call(operation, { method: 'GET', path }, signal);

  return {
    async getUser(id, signal) {
      if (!isId(id)) return undefined;
      try {
        const user = parseUser(await get('get_user', `/users/${id}`, signal));
        // A cache on the way that mixes answers up must not lead a write to somebody else.
        if (user?.id !== id.toLowerCase()) throw notTheApis('not the user that was asked for');
        return user;
      } catch (error) {
        if (error instanceof AcronisError && error.kind === 'notFound') return undefined;
        throw error;
      }
    },
    async getUsers(ids, signal) {
      const possible = ids.filter(isId);
      if (possible.length === 0) return [];
      const path = `/users?uuids=${possible.join(',')}&lod=full`;
      return expect(parseUserPage(await get('get_users', path, signal)), 'a page of users').users;
    },
    async putBusinessTypes(id, { businessTypes, version }, signal) {
      if (!isId(id)) throw new AcronisError('notFound', 'Acronis knows nothing under this id.');
      const body = JSON.stringify({ business_types: businessTypes, version });
      const user = parseUser(await call('put_user', { method: 'PUT', path: `/users/${id}`, body }, signal));
      if (user?.id !== id.toLowerCase()) throw notTheApis('not the user that was written');
      return user;
    },
    async search(tenantId, text, signal) {
      const query = new URLSearchParams({ tenant: tenantId, text, limit: String(searchLimit) });
      const { users, found } = expect(parseSearch(await get('search', `/search?${query}`, signal)), 'a search result');
      return { users, complete: found < searchLimit };
    },
    async getRootTenant(signal) {
      const answer = rootAnswer.safeParse(await get('get_client', `/clients/${encodeURIComponent(clientId)}`, signal));
      return expect(answer.data, 'an API client').tenant_id;
    },
    async getChanges(from, signal) {
      const query =
        'after' in from
          ? new URLSearchParams({ after: from.after })
          : new URLSearchParams({ subtree_root_tenant_id: from.root, updated_since: from.since, lod: 'full' });
      return expect(parseUserPage(await get('get_changes', `/users?${query}`, signal)), 'a page of users');
    },
  };
}

function expect<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notTheApis(`not ${what}`);
  return value;
}
