/** Turns requests away above so many a second, as a gateway does: it counts per second of the clock, over all clients. */

import { type ApiResponse, envelope } from '../calls/responses.ts';
import type { Cloud } from '../state/cloud.ts';

/** Retry-After in either of its forms. The date has whole seconds, rounded up. */
export const retryAfter = (seconds: number, form: 'seconds' | 'date', nowMs: number): string =>
  form === 'seconds' ? String(Math.ceil(seconds)) : new Date(Math.ceil(nowMs / 1000 + seconds) * 1000).toUTCString();

export class RateLimit {
  #second = 0;
  #count = 0;

  /** The refusal, or `undefined` where the request may pass. */
  check(cloud: Cloud): ApiResponse | undefined {
    const limit = cloud.switches.current.rateLimit;
    if (limit === null) return undefined;
    const now = cloud.clock.wall();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) [this.#second, this.#count] = [second, 0];
    this.#count += 1;
    if (this.#count <= limit.perSecond) return undefined;
    return {
      ...envelope(limit.status, 'tooManyRequests', 'Too many requests.'),
      headers: { 'retry-after': retryAfter(limit.retryAfterSeconds, limit.form, now + skew(cloud)) },
    };
  }
}

const skew = (cloud: Cloud): number => cloud.switches.current.clockSkewMs;
