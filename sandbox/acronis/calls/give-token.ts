/**
 * `POST /idp/token`. Grants: client credentials (in the Basic header or in the form), a person's password, and a token narrowed to one tenant
 * (jwt-bearer). Errors are flat, not in the envelope.
 */
import { basicCredentials } from '../http/authenticate.ts';
import { type Caller, clientCaller, personCaller } from '../state/callers.ts';
import type { Cloud } from '../state/cloud.ts';
import { reaches } from '../state/tenants.ts';
import type { Token } from '../state/tokens.ts';
import { type ApiResponse, flat } from './responses.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const OTHER_GRANTS = new Set([
  'md5_password',
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
]);
const TENANT_SCOPE = /^urn:acronis\.com:tenant-id:([0-9a-f-]{36})$/;

/** The documents require one; nothing of the API takes it. */
const ID_TOKEN = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJzYW5kYm94In0.c2FuZGJveA';

const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
  /** A fault wants the secret to be wrong. */
  readonly reject: boolean;
}

/** Who gets a token, and the token it is made from; or the refusal. */
type Grant = { readonly caller: Caller; readonly base?: Token } | { readonly refusal: ApiResponse };

export function giveToken(cloud: Cloud, request: TokenRequest): ApiResponse {
  const response = decide(cloud, request);
  return { ...response, headers: { ...NO_STORE, ...response.headers } };
}

function decide(cloud: Cloud, request: TokenRequest): ApiResponse {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.contentType ?? '')) {
    return flat(400, 'invalid_request', 'Send Content-Type: application/x-www-form-urlencoded.');
  }
  const grant = grantOf(cloud, request, new URLSearchParams(request.body));
  if ('refusal' in grant) return grant.refusal;
  const switches = cloud.switches.current;
  const now = cloud.clock.wall();
  const { text, token } = cloud.tokens.issue(grant.caller, now, switches, grant.base);
  const { tokenExpiry } = switches;
  return {
    status: 200,
    body: {
      access_token: text,
      token_type: 'bearer',
      ...(tokenExpiry === 'both' || tokenExpiry === 'expires_in'
        ? { expires_in: Math.round((token.expiresAt - now) / 1000) }
        : {}),
      ...(tokenExpiry === 'both' || tokenExpiry === 'expires_on'
        ? { expires_on: Math.floor((token.expiresAt + switches.clockSkewMs) / 1000) }
        : {}),
      id_token: ID_TOKEN,
    },
  };
}

function grantOf(cloud: Cloud, request: TokenRequest, form: URLSearchParams): Grant {
  const type = form.get('grant_type');
  switch (type) {
    case 'client_credentials':
      return ofClient(cloud, request, form);
    case 'password':
      return ofPerson(cloud, form);
    case JWT_BEARER:
      return narrowed(cloud, form);
    case null:
      return { refusal: flat(400, 'invalid_request', 'grant_type is required.') };
    default: {
      const why = OTHER_GRANTS.has(type) ? 'The sandbox does not play this grant_type.' : 'The grant_type is unknown.';
      return { refusal: flat(400, 'invalid_request', why) };
    }
  }
}

function ofClient(cloud: Cloud, request: TokenRequest, form: URLSearchParams): Grant {
  const given = basicCredentials(request.authorization) ?? {
    id: form.get('client_id') ?? '',
    secret: form.get('client_secret') ?? '',
  };
  const client = cloud.clients.get(given.id);
  if (client === undefined || !client.enabled || client.secret !== given.secret || request.reject) {
    const description = 'invalid client credentials, the client is unknown, disabled, or its secret is another';
    return { refusal: flat(401, 'invalid_client', description, { domain: 'Access', reason: 'InvalidClient' }) };
  }
  return { caller: clientCaller(client) };
}

function ofPerson(cloud: Cloud, form: URLSearchParams): Grant {
  const isCaseSensitive = cloud.switches.current.loginCase === 'sensitive';
  const user = cloud.signIn.withPassword(form.get('username') ?? '', form.get('password') ?? '', isCaseSensitive);
  if (user === undefined) return { refusal: flat(401, 'access_denied', 'The login or the password is wrong.') };
  return { caller: personCaller(user) };
}

/** A token for one tenant, made from one for a tenant above it. */
function narrowed(cloud: Cloud, form: URLSearchParams): Grant {
  const base = cloud.tokens.find(form.get('assertion') ?? '', cloud.clock.wall());
  if (base === undefined) return { refusal: flat(401, 'access_denied', 'The assertion is no token that is alive.') };
  const id = TENANT_SCOPE.exec(form.get('scope') ?? '')?.[1];
  if (id === undefined) {
    return {
      refusal: flat(400, 'invalid_request', 'scope must be urn:acronis.com:tenant-id: and the id of a tenant.'),
    };
  }
  const tenant = cloud.tenants.get(id);
  if (tenant === undefined || !reaches(base.caller.tenant, tenant)) {
    return { refusal: flat(403, 'access_denied', 'The tenant is outside of what the assertion gives access to.') };
  }
  return { caller: { ...base.caller, tenant }, base };
}
