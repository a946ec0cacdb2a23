/**
 * The bearer token of one API client. One request however many wait for it; renewed before it ends, but never in quick succession; dropped when a call
 * was refused with it. A client that is not accepted, or whose tokens are not, is tried a few times an hour; with other credentials it is another
 * account, with a token source of its own. The secret leaves this file only as a Basic header to the token endpoint.
 */
import * as z from 'zod';
import { orAborted } from '../../base/abort.ts';
import type { Clock } from '../../base/clock.ts';
import { AcronisError, failed, hostOf, notTheApis } from '../errors.ts';
import type { ApiRequest, Send } from '../http/http.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import type { AcronisMetrics } from '../metrics.ts';
import { measured } from './measured.ts';

/** What does not say a time counts as not said: a token is worth a try in any case. */
const seconds = z.coerce.number().positive().optional().catch(undefined);

/** Guide, "Authentication": `expires_on` (Unix seconds) in the examples, `expires_in` in the OpenAPI; both are optional there. */
const tokenResponse = z.object({
  // What could not stand in a header must not become the current token.
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_on: seconds,
  expires_in: seconds,
});

/** Guide: a token lives two hours. */
const assumedLifetimeMs = 2 * 60 * 60 * 1000;
/** The vendor's own examples renew when less than 15 minutes are left. */
const renewEarlyMs = 15 * 60 * 1000;
/** A token is in use for at least this long, whatever the response says of its end: it is used until it is refused. */
const minRenewalMs = 60_000;
/** A renewal that failed is tried again after this, while the old token still serves. */
const renewAgainMs = 30_000;
/** After a 403 a new token may bring a right that was granted meanwhile; after that one, refusals are believed for this long. */
const forbiddenRenewalMs = 10 * 60 * 1000;

/** Tries that bring nothing: the first again after 30 s, then 2 min, 8 min, and at last every 20 min, so that no account gets locked. */
const backoffMs = (failures: number): number => Math.min(30_000 * 4 ** (failures - 1), 20 * 60 * 1000);

export interface TokenSource {
  /** @throws AcronisError of kind `credentials` where Acronis does not accept the client; any other kind where it cannot say. */
  get(signal: AbortSignal): Promise<string>;
  /** The token was accepted: it is as good as its response said. */
  accepted(token: string): void;
  /** The token was refused (401) or has no right (403). @returns whether `get` gives another one that is worth a try. */
  refused(token: string, status: 401 | 403): boolean;
}

export interface TokenOptions {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly send: Send;
  readonly limiter: Pick<RateLimiter, 'run'>;
  readonly clock: Clock;
  readonly metrics: AcronisMetrics;
  /** Ends a request in flight when the account is no longer used. */
  readonly lifetime: AbortSignal;
}

interface Token {
  readonly text: string;
  readonly issuedAt: number;
  renewAt: number;
  endsAt: number;
  /** What the first call with it showed. */
  state: 'untried' | 'accepted' | 'refused';
}

export function createTokenSource(options: TokenOptions): TokenSource {
  const { url, clientId, clientSecret, send, limiter, clock, metrics, lifetime } = options;
  let current: Token | undefined;
  let pending: Promise<string> | undefined;
  let refusal: { readonly error: AcronisError; readonly until: number; readonly times: number } | undefined;
  /**
   * New tokens that were refused at their first use, since a token was last renewed at its time. That other calls are served with one takes nothing back:
   * what refuses may be one endpoint, whatever the token.
   */
  let useless = 0;
  let forbiddenUntil = Number.NEGATIVE_INFINITY;

  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const host = hostOf(url);
  const request: ApiRequest = {
    method: 'POST',
    url: `${url}/idp/token`,
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  };

  const ask = async (): Promise<Token> => {
    const raw = await send(request, lifetime).catch((error: unknown) => asCredentials(error, host));
    if (raw === undefined) throw notTheApis('response-empty', { host }, 'nothing');
    const parsed = tokenResponse.safeParse(raw).data;
    if (parsed === undefined) throw notTheApis('other-json', { host, expected: 'a token' }, 'no token');
    const now = clock.now();
    const lives = lifetimeOf(parsed, clock.wall());
    // A token that lives shorter than the margin is renewed at half its life.
    const renewAt = now + Math.max(lives - renewEarlyMs, lives / 2, minRenewalMs);
    const endsAt = now + Math.max(lives, minRenewalMs);
    return { text: parsed.access_token, issuedAt: now, renewAt, endsAt, state: 'untried' };
  };

  const renew = async (): Promise<string> => {
    const servedItsTime = current !== undefined;
    try {
      current = await limiter.run(() => measured('token', ask, clock, metrics), lifetime);
      refusal = undefined;
      if (servedItsTime) useless = 0;
      return current.text;
    } catch (error) {
      if (error instanceof AcronisError && error.kind === 'credentials') {
        current = undefined;
        const times = (refusal?.times ?? 0) + 1;
        refusal = { error, times, until: clock.now() + backoffMs(times) };
      }
      // Read again, as it may have been dropped meanwhile.
      if (current === undefined || clock.now() >= current.endsAt) throw error;
      current.renewAt = clock.now() + renewAgainMs;
      return current.text;
    }
  };

  /** Whether asking for another token makes sense after this one was refused. */
  const mayRenew = (token: Token, status: 401 | 403): boolean => {
    const age = clock.now() - token.issuedAt;
    if (status === 403) {
      if (age < minRenewalMs || clock.now() < forbiddenUntil) return false;
      forbiddenUntil = clock.now() + forbiddenRenewalMs;
      return true;
    }
    if (token.state === 'untried') useless++;
    if (token.state !== 'accepted') token.state = 'refused';
    // One new token is always worth a try.
    return useless < 2 || age >= backoffMs(useless - 1);
  };

  return {
    async get(signal) {
      signal.throwIfAborted();
      if (current !== undefined && clock.now() < Math.min(current.renewAt, current.endsAt)) return current.text;
      if (refusal !== undefined && clock.now() < refusal.until) throw refusal.error;
      pending ??= renew().finally(() => {
        pending = undefined;
      });
      return await orAborted(pending, signal);
    },
    accepted(token) {
      if (current?.text === token) current.state = 'accepted';
    },
    refused(token, status) {
      // Another caller was refused with it before, and it is renewed or about to be.
      if (current?.text !== token) return refusal === undefined;
      if (!mayRenew(current, status)) return false;
      current = undefined;
      return true;
    },
  };
}

/**
 * `expires_in` counts where both are there, as it does not depend on this machine's clock. A time that is over says only that a clock is wrong:
 * a token that truly ended is refused, dropped and renewed.
 */
function lifetimeOf({ expires_in: inSeconds, expires_on: on }: z.output<typeof tokenResponse>, wall: number): number {
  const lives = inSeconds !== undefined ? inSeconds * 1000 : on !== undefined ? on * 1000 - wall : assumedLifetimeMs;
  return lives > 0 ? lives : assumedLifetimeMs;
}

/**
 * On the token endpoint any 4xx of the API's shape but 408 and 429 speaks of the client: a flat OAuth body, 400 or 401 (reference: token errors); a page
 * of a gateway is `unavailable` here as elsewhere. Whatever failed here, the call that needed the token was not sent: its outcome is known, and no
 * status was responded to to it.
 */
function asCredentials(error: unknown, host: string): never {
  if (!(error instanceof AcronisError)) throw error;
  const { kind, status, detail, retryAfterMs } = error;
  const speaksOfClient = status >= 400 && status < 500 && kind !== 'throttled' && kind !== 'unavailable';
  if (speaksOfClient) throw failed('client-refused', { host, status: String(status) }, { detail });
  throw error.again({ detail, retryAfterMs });
}
