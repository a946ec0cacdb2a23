/** Which operation a method and path mean. Only what the sandbox plays is here; everything else is `unknown`. */
import { z } from 'zod';

export const ROUTES = [
  'token',
  'getUser',
  'putUser',
  'getUsers',
  'feed',
  'checkLogin',
  'getAccessPolicies',
  'search',
  'getTenant',
  'getTenants',
  'getTenantUsers',
  'getBrand',
  'getClient',
  'unknown',
] as const;

/** `getUsers` is `GET /users` with `uuids` or `external_ids`; `feed` the same path for a whole subtree. */
export type Route = (typeof ROUTES)[number];
export const routeSchema = z.enum(ROUTES, { error: `must be one of ${ROUTES.join(', ')}` });

export interface Match {
  readonly route: Route;
  /** The id in the path. */
  readonly id: string | undefined;
  readonly query: URLSearchParams;
  /** Set where the path is known and the method is not: the methods that are. */
  readonly allowed: readonly string[] | undefined;
}

export const BASE = '/api/2/';
const NO_QUERY = new URLSearchParams();

interface Operation {
  readonly route: Route;
  readonly id?: string | undefined;
}

export function matchRoute(method: string, url: string): Match {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  const operations = path.startsWith(BASE) ? operationsOf(path.slice(BASE.length).split('/'), query) : undefined;
  const found = operations?.[method === 'HEAD' ? 'GET' : method];
  if (found !== undefined) return { route: found.route, id: found.id, query, allowed: undefined };
  const allowed = operations === undefined ? undefined : Object.keys(operations);
  return { route: 'unknown', id: undefined, query, allowed };
}

/** The operations of a path by method. */
function operationsOf(parts: readonly string[], query: URLSearchParams): Record<string, Operation> | undefined {
  const [first, second, third] = parts;
  if (parts.length === 1) {
    if (first === 'users') {
      return { GET: { route: query.has('uuids') || query.has('external_ids') ? 'getUsers' : 'feed' } };
    }
    if (first === 'tenants') return { GET: { route: 'getTenants' } };
    if (first === 'search') return { GET: { route: 'search' } };
    return undefined;
  }
  if (parts.length === 2) {
    if (first === 'users' && second === 'check_login') return { GET: { route: 'checkLogin' } };
    if (first === 'users') return { GET: { route: 'getUser', id: second }, PUT: { route: 'putUser', id: second } };
    if (first === 'tenants') return { GET: { route: 'getTenant', id: second } };
    if (first === 'clients') return { GET: { route: 'getClient', id: second } };
    if (first === 'idp' && second === 'token') return { POST: { route: 'token' } };
    return undefined;
  }
  if (parts.length === 3) {
    if (first === 'users' && third === 'access_policies') return { GET: { route: 'getAccessPolicies', id: second } };
    if (first === 'tenants' && third === 'users') return { GET: { route: 'getTenantUsers', id: second } };
    if (first === 'tenants' && third === 'brand') return { GET: { route: 'getBrand', id: second } };
  }
  return undefined;
}
