/** Which operation a method and path mean. Only what the sandbox plays is here; everything else is `unknown`. */
import { z } from 'zod';
import { isChangesCursor } from '../calls/cursor.ts';

export const ROUTES = [
  'token',
  'getUser',
  'putUser',
  'getUsers',
  'feed',
  'listUsers',
  'checkLogin',
  'getAccessPolicies',
  'search',
  'getTenant',
  'getTenants',
  'getTenantUsers',
  'getBrand',
  'getClient',
  'findDataCenter',
  'getMe',
  'postUser',
  'deleteUser',
  'sendActivationEmail',
  'setPassword',
  'putAccessPolicies',
  'getChildren',
  'getPricing',
  'putPricing',
  'postTenant',
  'putTenant',
  'deleteTenant',
  'postBrand',
  'putBrand',
  'deleteBrand',
  'postClient',
  'putClient',
  'deleteClient',
  'postOneTimeToken',
  'oneTimeLogin',
  'logout',
  'unknown',
] as const;

/** `getUsers` is `GET /users` with `uuids` or `external_ids`; `feed` the same path for what changed in a subtree, and `listUsers` for all that is in one. */
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

type Operations = Readonly<Partial<Record<string, Route>>>;

/** Below `/api/2/`. A path in full goes before one with an id. */
export const PATHS: ReadonlyMap<string, Operations> = new Map(
  Object.entries({
    users: { GET: 'feed', POST: 'postUser' },
    'users/check_login': { GET: 'checkLogin' },
    'users/me': { GET: 'getMe' },
    'users/{id}': { GET: 'getUser', PUT: 'putUser', DELETE: 'deleteUser' },
    'users/{id}/access_policies': { GET: 'getAccessPolicies', PUT: 'putAccessPolicies' },
    'users/{id}/send-activation-email': { POST: 'sendActivationEmail' },
    'users/{id}/password': { POST: 'setPassword' },
    search: { GET: 'search' },
    tenants: { GET: 'getTenants', POST: 'postTenant' },
    'tenants/{id}': { GET: 'getTenant', PUT: 'putTenant', DELETE: 'deleteTenant' },
    'tenants/{id}/users': { GET: 'getTenantUsers' },
    'tenants/{id}/children': { GET: 'getChildren' },
    'tenants/{id}/pricing': { GET: 'getPricing', PUT: 'putPricing' },
    'tenants/{id}/brand': { GET: 'getBrand', POST: 'postBrand', PUT: 'putBrand', DELETE: 'deleteBrand' },
    clients: { POST: 'postClient' },
    'clients/{id}': { GET: 'getClient', PUT: 'putClient', DELETE: 'deleteClient' },
    'idp/token': { POST: 'token' },
    'idp/ott': { POST: 'postOneTimeToken' },
    'idp/ott/login': { POST: 'oneTimeLogin' },
    'idp/logout': { GET: 'logout' },
  } satisfies Record<string, Operations>),
);

/** Paths of other APIs that the vendor's clients use. */
export const ELSEWHERE: ReadonlyMap<string, Operations> = new Map(
  Object.entries({
    // Which data center a login belongs to: of API 1, which is discontinued and still asked.
    '/api/1/accounts': { GET: 'findDataCenter' },
    // Where tokens for one customer were given at the time of the vendor's examples.
    '/bc/idp/token': { POST: 'token' },
  } satisfies Record<string, Operations>),
);

export function matchRoute(method: string, url: string): Match {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  const found = path.startsWith(BASE)
    ? findPath(path.slice(BASE.length))
    : { operations: ELSEWHERE.get(path), id: undefined };
  const route = found.operations?.[method === 'HEAD' ? 'GET' : method];
  if (route === undefined) {
    const allowed = found.operations === undefined ? undefined : Object.keys(found.operations);
    return { route: 'unknown', id: undefined, query, allowed };
  }
  return { route: route === 'feed' ? usersRoute(query) : route, id: found.id, query, allowed: undefined };
}

function usersRoute(query: URLSearchParams): Route {
  if (query.has('uuids') || query.has('external_ids')) return 'getUsers';
  const after = query.get('after');
  const isChanges = after === null ? query.has('updated_since') : isChangesCursor(after);
  return isChanges || !(after !== null || query.has('subtree_root_tenant_id')) ? 'feed' : 'listUsers';
}

function findPath(path: string): { readonly operations: Operations | undefined; readonly id: string | undefined } {
  const exact = PATHS.get(path);
  if (exact !== undefined) return { operations: exact, id: undefined };
  const [first, id, ...rest] = path.split('/');
  return { operations: PATHS.get([first, '{id}', ...rest].join('/')), id };
}
