/** Plain HTTP with the sandbox, as any program would: a token once, then requests that carry it. */
import type { Sandbox } from '../../sandbox/acronis/sandbox.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; `undefined` where it is not JSON. */
  readonly json: unknown;
}

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

export async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

export async function askToken(
  sandbox: Sandbox,
  credentials?: Partial<Credentials>,
  form = 'grant_type=client_credentials',
) {
  const { id, secret } = { ...sandbox.clients.partner, ...credentials };
  return replyOf(
    await fetch(`${sandbox.url}/api/2/idp/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${id}:${secret}`)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form,
    }),
  );
}

export type Ask = (method: string, path: string, body?: unknown, init?: RequestInit) => Promise<Reply>;

/** Signs in and returns a function that asks `/api/2{path}`. A text body goes out as it is, anything else as JSON. */
export async function signIn(sandbox: Sandbox, credentials?: Credentials): Promise<Ask> {
  const token = field((await askToken(sandbox, credentials)).json, 'access_token');
  return async (method, path, body, init = {}) => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    return replyOf(
      await fetch(`${sandbox.url}/api/2${path}`, {
        method,
        redirect: 'manual',
        ...sent,
        ...init,
        headers: {
          authorization: `Bearer ${String(token)}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(init.headers instanceof Headers || Array.isArray(init.headers) ? {} : init.headers),
        },
      }),
    );
  };
}

/** The control API. */
export async function control(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<Reply> {
  return replyOf(
    await fetch(`${sandbox.url}/_sandbox${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
}

/** A value inside parsed JSON, by the names on the way; `undefined` where there is none. */
export function field(json: unknown, ...names: (string | number)[]): unknown {
  let at = json;
  for (const name of names) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}

export function items(json: unknown): unknown[] {
  const list = field(json, 'items');
  return Array.isArray(list) ? list : [];
}

export const idsOf = (json: unknown): unknown[] => items(json).map((item) => field(item, 'id'));
