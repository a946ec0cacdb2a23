/**
 * One authorised call: it carries a token, keeps to the account's rate limit, and is made once more with a new token where the old one was refused.
 */
import type { Clock } from '../../base/clock.ts';
import { AcronisError } from '../errors.ts';
import type { Send } from '../http/http.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import type { AcronisMetrics, AcronisOperation } from '../metrics.ts';
import { measured } from './measured.ts';
import type { TokenSource } from './token.ts';

export interface Call {
  readonly method: 'GET' | 'PUT';
  /** Below `/api/2`. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** Whom the call is about, where it is about one user or a batch of them: a failure then speaks of these alone, as far as it goes. */
  readonly about?: string;
  /** Called when the bytes leave: once, or twice where a new token is tried. */
  readonly onSent?: () => void;
}

export interface CallOptions {
  /** Ends in `/api/2`. */
  readonly url: string;
  readonly send: Send;
  readonly tokens: TokenSource;
  readonly limiter: Pick<RateLimiter, 'run'>;
  readonly clock: Clock;
  readonly metrics: AcronisMetrics;
}

/** @returns the parsed JSON of a 2xx response. @throws AcronisError, or the signal's reason once it is aborted. */
export type MakeCall = (operation: AcronisOperation, call: Call, signal: AbortSignal) => Promise<unknown>;

export function createCall({ url, send, tokens, limiter, clock, metrics }: CallOptions): MakeCall {
  const once = (operation: AcronisOperation, { path, about, ...call }: Call, token: string, signal: AbortSignal) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    const request = async () => {
      try {
        return await send({ ...call, url: url + path, headers }, signal);
      } catch (error) {
        throw about !== undefined && error instanceof AcronisError ? error.ofOneUser() : error;
      }
    };
    return limiter.run(() => measured(operation, request, clock, metrics), signal, about);
  };

  return async (operation, call, signal) => {
    const token = await tokens.get(signal);
    try {
      const result = await once(operation, call, token, signal);
      tokens.accepted(token);
      return result;
    } catch (error) {
      if (!(error instanceof AcronisError) || (error.status !== 401 && error.status !== 403)) throw error;
      // It may have ended early, or a right was granted since it was issued: one new token, one more try. A page in front of the API speaks of no token,
      // so it brings a new one as rarely as a right that is missing.
      if (!tokens.refused(token, error.kind === 'unavailable' ? 403 : error.status)) throw error;
      // A page in front of the API says nothing of what became of a write.
      if (call.method === 'PUT' && error.outcomeUnknown) throw error;
      const renewed = await tokens.get(signal);
      const result = await once(operation, call, renewed, signal).catch((again: unknown) => {
        if (again instanceof AcronisError && again.kind === 'credentials') tokens.refused(renewed, 401);
        throw again;
      });
      tokens.accepted(renewed);
      return result;
    }
  };
}
