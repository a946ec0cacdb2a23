/** Acronis in memory, behind the real client: token, users, search, change feed, revision check, and faults that a test puts in the way. */
import * as z from 'zod';
import { type AcronisError, failed } from '../../../../src/acronis/errors.ts';
import { classify } from '../../../../src/acronis/http/classify.ts';
import type { ApiRequest, Send } from '../../../../src/acronis/http/http.ts';
import { orAborted } from '../../../../src/base/abort.ts';
import { parseExactJson } from '../../../../src/base/exact-json.ts';

export interface FakeUser {
  readonly id: string;
  tenant_id: string;
  version: number | bigint;
  login: string;
  business_types: string[];
  enabled: boolean;
  activated: boolean;
  notifications: string[];
  external_id?: string;
  /** On the user's own tenant. Lists show them, and nothing else does. */
  roles: string[];
  /** Of a user that was deleted. */
  deleted_at?: string;
  /** When it was changed last; shown only where a test sets it. */
  updated_at?: string;
  /** Personal data that must get no further than the client. */
  contact: { email: string };
}

/** `get`: a read of one user, by a list of one or by its path. `external`: a list by the partner's own ids. */
export type Operation =
  | 'token'
  | 'get'
  | 'batch'
  | 'external'
  | 'changes'
  | 'search'
  | 'client'
  | 'tenant'
  | 'put'
  | 'tenants'
  | 'brand';

/** What happens to a request instead; `apply` does what would have been done and gives the response. */
export type Fault = (apply: () => unknown, request: ApiRequest) => unknown;

export interface Put {
  readonly id: string;
  readonly body: unknown;
}

const asked = 'https://eu2-cloud.acronis.com/api/2/users/1';

/** The connection broke: whether the request arrived is unknown. */
export const lost = (): AcronisError =>
  failed('connection-cut', { host: 'eu2-cloud.acronis.com' }, { outcomeUnknown: true, detail: 'ECONNRESET' });

/** A response that is not 2xx, as the real client would read it. */
export const answered = (
  status: number,
  body: unknown = { error: { code: status, message: 'm' } },
  retryAfterMs?: number,
): AcronisError => classify({ url: asked, status, body, form: 'json', retryAfterMs, location: undefined });

/** A gateway's page in place of the API's response. */
export const page = (status: number): AcronisError =>
  classify({ url: asked, status, body: undefined, form: 'page', retryAfterMs: undefined, location: undefined });

const putSchema = z.object({ business_types: z.array(z.string()), version: z.union([z.int(), z.bigint()]) });

const notFound = (): AcronisError => answered(404, { error: { code: 404, message: 'Not found' } });

export class FakeAcronis {
  readonly users = new Map<string, FakeUser>();
  /** By tenant: the Buy URL that is in force; null where the branding has none. */
  readonly buyUrls = new Map<string, string | null>();
  /** Every request except those for a token. */
  readonly requests: Operation[] = [];
  readonly puts: Put[] = [];
  /** Authorization headers of token requests. */
  readonly tokenRequests: string[] = [];
  conflict: { status: number; body: unknown } = {
    status: 409,
    body: { error: { code: 1001, message: 'Version mismatch.' } },
  };
  /** Tenant → the one above it. */
  readonly parents = new Map<string, string | null>();
  /** Which users the feed names. */
  changed: readonly string[] = [];
  readonly #once: { operation: Operation; fault: Fault }[] = [];
  readonly #always = new Map<Operation, Fault>();

  add(user: Partial<FakeUser> & { id: string }): FakeUser {
    const made = {
      tenant_id: tenantId,
      version: 1,
      login: 'johndoe',
      business_types: [],
      enabled: true,
      activated: true,
      notifications: ['quota'],
      roles: [],
      contact: { email: 'johndoe@mysite.com' },
      ...user,
    };
    this.users.set(made.id, made);
    return made;
  }

  /** The user is deleted: it is shown with the time of that, and found and written no more. */
  delete(id: string): void {
    const user = this.users.get(id);
    if (user !== undefined) user.deleted_at = '2026-01-02T03:04:05Z';
  }

  /** The next request of this kind meets the fault. */
  next(operation: Operation, fault: Fault): void {
    this.#once.push({ operation, fault });
  }

  always(operation: Operation, fault: Fault | undefined): void {
    if (fault === undefined) this.#always.delete(operation);
    else this.#always.set(operation, fault);
  }

  count(operation: Operation): number {
    return this.requests.filter((each) => each === operation).length;
  }

  readonly send: Send = async (request, signal) => {
    signal.throwIfAborted();
    request.onSent?.();
    const url = new URL(request.url);
    const path = url.pathname.replace('/api/2', '');
    const operation = operationOf(request.method, path, url.searchParams);
    if (operation === 'token') this.tokenRequests.push(request.headers['authorization'] ?? '');
    else this.requests.push(operation);
    if (operation === 'put')
      this.puts.push({ id: path.slice('/users/'.length), body: parseExactJson(request.body ?? '') });
    const apply = () => this.#apply(operation, path, url.searchParams, request.body);
    const at = this.#once.findIndex((each) => each.operation === operation);
    const fault = at >= 0 ? this.#once.splice(at, 1)[0]?.fault : this.#always.get(operation);
    if (fault === undefined) return structuredClone(apply());
    const answer = await orAborted(Promise.resolve(fault(apply, request)), signal);
    signal.throwIfAborted();
    return structuredClone(answer);
  };

  #apply(operation: Operation, path: string, query: URLSearchParams, body: string | undefined): unknown {
    switch (operation) {
      case 'token':
        return { access_token: 'a-token', expires_in: 7200 };
      case 'client':
        return { tenant_id: tenantId };
      case 'tenant': {
        const id = path.slice('/tenants/'.length);
        const parent = this.parents.get(id);
        if (parent === undefined) throw notFound();
        return { id, parent_id: parent };
      }
      case 'get':
        return path === '/users' ? this.#list(query) : this.#user(path);
      case 'batch':
        return this.#list(query);
      case 'external': {
        const ids = (query.get('external_ids') ?? '').split(',');
        const found = [...this.users.values()].filter(
          ({ external_id: own, tenant_id, deleted_at }) =>
            own !== undefined && ids.includes(own) && tenant_id === query.get('tenant_id') && deleted_at === undefined,
        );
        return { items: found.flatMap(withPolicies) };
      }
      case 'changes':
        return { items: this.changed.flatMap((id) => withPolicies(this.users.get(id))) };
      case 'tenants':
        return {
          items: (query.get('uuids') ?? '')
            .split(',')
            .map((id) => ({ id, parent_id: partnerId, brand_enabled: false })),
        };
      case 'brand':
        return { upsell_url: this.buyUrls.get(path.split('/')[2] ?? '') ?? null };
      case 'search': {
        const text = (query.get('text') ?? '').toLowerCase();
        const hits = [...this.users.values()].filter(
          (user) => user.deleted_at === undefined && user.login.toLowerCase().startsWith(text),
        );
        return {
          items: hits.map((user) => ({ obj_type: 'user', id: user.id, login: user.login, parent_id: user.tenant_id })),
        };
      }
      case 'put': {
        const user = this.#user(path);
        if (user.deleted_at !== undefined) throw notFound();
        const change = putSchema.parse(parseExactJson(body ?? ''));
        if (change.version !== user.version) throw answered(this.conflict.status, this.conflict.body);
        user.business_types = change.business_types;
        user.version++;
        return user;
      }
    }
  }

  #list(query: URLSearchParams): unknown {
    const ids = (query.get('uuids') ?? '').split(',');
    return { items: ids.flatMap((id) => withPolicies(this.users.get(id))) };
  }

  #user(path: string): FakeUser {
    const user = this.users.get(path.slice('/users/'.length));
    if (user === undefined) throw notFound();
    return user;
  }
}

function operationOf(method: string, path: string, query: URLSearchParams): Operation {
  if (path === '/idp/token') return 'token';
  if (path === '/search') return 'search';
  if (path.startsWith('/clients/')) return 'client';
  if (path.endsWith('/brand')) return 'brand';
  if (path.startsWith('/tenants/')) return 'tenant';
  if (method === 'PUT') return 'put';
  if (path.startsWith('/users/')) return 'get';
  if (path === '/tenants') return 'tenants';
  if (query.has('external_ids')) return 'external';
  const uuids = query.get('uuids');
  if (uuids === null) return 'changes';
  return uuids.includes(',') ? 'batch' : 'get';
}

const withPolicies = (user: FakeUser | undefined): readonly unknown[] =>
  user === undefined
    ? []
    : [{ ...user, access_policies: user.roles.map((role_id) => ({ role_id, tenant_id: user.tenant_id })) }];

export const userId = '1c234e69-5469-424a-a6d1-ff5658b387a6';
export const otherUserId = '2d345f70-6570-435b-b7e2-006769c498b7';
export const tenantId = 'ede9f834-70b3-476c-83d9-736f9f8c7dae';
export const partnerId = 'aabbccdd-81c4-487d-94ea-847f0a9d8ebf';
export const otherTenantId = 'fefaf945-81c4-487d-94ea-847f0a9d8ebf';
