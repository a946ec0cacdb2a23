/**
 * What is seen of one API client: a token, its tenant, and one page of the change feed. Three requests, none of which changes anything, over a connection of
 * its own that goes the way the operator's would.
 */
import * as z from 'zod';
import { createApi } from '../../acronis/api.ts';
import { createTokenSource } from '../../acronis/calls/token.ts';
import type { Credentials } from '../../acronis/credentials.ts';
import { AcronisError } from '../../acronis/errors.ts';
import type { Send } from '../../acronis/http/http.ts';
import type { Clock } from '../../base/clock.ts';
import { uncounted } from '../silent.ts';
import type { CallEnd, Skew } from './acronis.ts';

import { rolesOf } from './token-roles.ts';

export interface AcronisEvidence {
  readonly root: CallEnd<string>;
  readonly feed: CallEnd<unknown>;
  /** Undefined: there is no token. */
  readonly roles: readonly string[] | undefined;
  readonly skew: Skew | undefined;
}

const tokenResponse = z.object({ access_token: z.string() });

/** @throws the signal's reason. */
export async function seeAcronis(
  { url, clientId, clientSecret }: Credentials,
  { send, clock }: { readonly send: Send; readonly clock: Clock },
  signal: AbortSignal,
): Promise<AcronisEvidence> {
  let roles: readonly string[] | undefined;
  const watched: Send = async (request, until) => {
    const response = await send(request, until);
    const token = request.url.endsWith('/idp/token') ? tokenResponse.safeParse(response).data : undefined;
    if (token !== undefined) roles = rolesOf(token.access_token);
    return response;
  };
  const shared = {
    url,
    clientId,
    send: watched,
    clock,
    metrics: uncounted,
    limiter: { run: <T>(call: () => Promise<T>) => call() },
  };
  const tokens = createTokenSource({ ...shared, clientSecret, lifetime: signal });
  const api = createApi({ ...shared, tokens });

  const root = await ended(api.getRootTenant(signal), signal);
  if (root.kind !== 'served')
    return {
      root,
      feed: { kind: 'notMade', why: 'the tenant of the API client is not known.' },
      roles,
      skew: undefined,
    };
  const startedAt = clock.now();
  const since = new Date(clock.wall() - 60_000).toISOString();
  const feed = await ended(api.getChanges({ root: root.value, since }, signal), signal);
  const tookMs = clock.now() - startedAt;
  const said = feed.kind === 'served' ? feed.value.timestamp : undefined;
  const skew = said === undefined ? undefined : { aheadMs: said - clock.wall(), tookMs };
  return { root, feed, roles, skew };
}

async function ended<T>(call: Promise<T>, signal: AbortSignal): Promise<CallEnd<T>> {
  try {
    return { kind: 'served', value: await call };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AcronisError)) throw error;
    return { kind: 'failed', cause: error.kind, message: error.message };
  }
}
