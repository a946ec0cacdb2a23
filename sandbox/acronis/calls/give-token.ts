/** `POST /idp/token`: client credentials, in the Basic header or in the form. Its errors are flat, not in the envelope. */

import type { Cloud } from '../state/cloud.ts';
import { type ApiResponse, flat } from './responses.ts';

const OTHER_GRANTS = new Set([
  'password',
  'md5_password',
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
]);

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

export function giveToken(cloud: Cloud, request: TokenRequest): ApiResponse {
  const response = decide(cloud, request);
  return { ...response, headers: { ...NO_STORE, ...response.headers } };
}

function decide(cloud: Cloud, request: TokenRequest): ApiResponse {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.contentType ?? '')) {
    return flat(400, 'invalid_request', 'Send Content-Type: application/x-www-form-urlencoded.');
  }
  const form = new URLSearchParams(request.body);
  const grant = form.get('grant_type');
  if (grant !== 'client_credentials') {
    const why =
      grant === null
        ? 'grant_type is required.'
        : OTHER_GRANTS.has(grant)
          ? 'The sandbox plays grant_type=client_credentials only.'
          : 'The grant_type is unknown.';
    return flat(400, 'invalid_request', why);
  }
  const given = basicCredentials(request.authorization) ?? {
    id: form.get('client_id') ?? '',
    secret: form.get('client_secret') ?? '',
  };
  const client = cloud.clients.get(given.id);
  if (client === undefined || !client.enabled || client.secret !== given.secret || request.reject) {
    const description = 'invalid client credentials, the client is unknown, disabled, or its secret is another';
    return flat(401, 'invalid_client', description, { domain: 'Access', reason: 'InvalidClient' });
  }
  const switches = cloud.switches.current;
  const { text, token } = cloud.tokens.issue(client, cloud.clock.wall(), switches);
  const { tokenExpiry } = switches;
  return {
    status: 200,
    body: {
      access_token: text,
      token_type: 'bearer',
      ...(tokenExpiry === 'both' || tokenExpiry === 'expires_in' ? { expires_in: switches.tokenTtlSeconds } : {}),
      ...(tokenExpiry === 'both' || tokenExpiry === 'expires_on'
        ? { expires_on: Math.floor((token.expiresAt + switches.clockSkewMs) / 1000) }
        : {}),
      id_token: ID_TOKEN,
    },
  };
}

export function basicCredentials(
  authorization: string | undefined,
): { readonly id: string; readonly secret: string } | undefined {
  if (authorization === undefined || !/^basic /i.test(authorization)) return undefined;
  const decoded = Buffer.from(authorization.slice(6), 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { id: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}
