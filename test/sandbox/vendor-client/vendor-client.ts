/**
 * A client that talks as the vendor's own sample programs do, in our words: it asks the router where a login is at home, gets a token there, and
 * learns its tenant from who it is. It stops at the first response that is no success, as theirs do.
 */
import type { Sandbox } from '../../../sandbox/acronis/sandbox.ts';
import { field, type Reply, replyOf } from '../ask.ts';

export interface Sent {
  readonly json?: unknown;
  readonly params?: Readonly<Record<string, string | number>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface VendorClient {
  readonly baseUrl: string;
  readonly tenantId: string;
  readonly authHeader: Readonly<Record<string, string>>;
  /** Below `/api/2`. Throws where the response is no success. */
  request(method: string, path: string, sent?: Sent): Promise<Reply>;
  /** The same, whatever the response. */
  attempt(method: string, path: string, sent?: Sent): Promise<Reply>;
}

export const basic = (name: string, secret: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`,
});

export async function send(
  url: string,
  method: string,
  { json, params = {}, headers = {} }: Sent = {},
): Promise<Reply> {
  const query = new URLSearchParams(
    Object.entries(params).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  return replyOf(
    await fetch(`${url}${query.size > 0 ? `?${query}` : ''}`, { method, ...body, headers: { ...type, ...headers } }),
  );
}

export const form = async (url: string, fields: Readonly<Record<string, string>>, headers: Sent['headers'] = {}) =>
  replyOf(await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) }));

export type Grant =
  | { readonly type: 'client_credentials'; readonly id: string; readonly secret: string }
  | { readonly type: 'password'; readonly password: string };

function succeeded(reply: Reply, what: string): Reply {
  if (reply.status >= 200 && reply.status < 300) return reply;
  throw new Error(`${what} got ${reply.status}: ${reply.text}`);
}

/** What the vendor's client does when it is made. */
export async function constructClient(sandbox: Sandbox, login: string, grant: Grant): Promise<VendorClient> {
  const router = succeeded(await send(`${sandbox.url}/api/1/accounts`, 'GET', { params: { login } }), 'the router');
  const baseUrl = String(field(router.json, 'server_url'));
  const fields: Record<string, string> =
    grant.type === 'password'
      ? { grant_type: 'password', username: login, password: grant.password, scope: 'offline_access' }
      : { grant_type: 'client_credentials', scope: 'openid' };
  const credentials = grant.type === 'password' ? {} : basic(grant.id, grant.secret);
  const token = succeeded(await form(`${baseUrl}/api/2/idp/token`, fields, credentials), 'the token');
  const authHeader = { authorization: `Bearer ${String(field(token.json, 'access_token'))}` };
  const attempt: VendorClient['attempt'] = (method, path, sent = {}) =>
    send(`${baseUrl}/api/2${path}`, method, { ...sent, headers: { ...authHeader, ...sent.headers } });
  const me = succeeded(await attempt('GET', '/users/me'), 'who am I');
  return {
    baseUrl,
    tenantId: String(field(me.json, 'tenant_id')),
    authHeader,
    attempt,
    request: async (method, path, sent) => succeeded(await attempt(method, path, sent), `${method} ${path}`),
  };
}

export const partnerClient = (sandbox: Sandbox): Promise<VendorClient> =>
  constructClient(sandbox, 'partner.admin', { type: 'client_credentials', ...sandbox.clients.partner });

/** The revision as it is now: the vendor's client reads it before each write. */
export const versionOf = async (client: VendorClient, path: string): Promise<number> =>
  Number(field((await client.request('GET', path)).json, 'version'));
