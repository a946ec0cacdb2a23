/**
 * How fast one account may send: so many concurrent requests, so many a second, and none while Acronis asked to wait.
 * A throttle halves the concurrency; it grows back by one with every so many successes. First come, first served.
 */
import type { Clock, Random } from '../../base/clock.ts';
import { AcronisError } from '../errors.ts';
import { Suspects } from './suspects.ts';

export interface AccountLimits {
  readonly concurrency: number;
  /** Requests per second; 0 = no limit. */
  readonly rate: number;
}

export interface RateLimiterOptions {
  /** Asked again and again: a change counts from the next request on. */
  readonly limits: () => AccountLimits;
  readonly clock: Clock;
  readonly random: Random;
  /** Called with how long the account is held back, in seconds. */
  readonly onThrottled?: (seconds: number) => void;
}

export interface RateLimiter {
  /**
   * Runs `call` when its turn comes.
   * @param subject whom the call is about, where it is about one user or a batch of them.
   * @throws what `call` throws; AcronisError `throttled` where the turn is too far off to wait for.
   */
  run<T>(call: () => Promise<T>, signal: AbortSignal, subject?: string): Promise<T>;
  /** The present concurrency. */
  readonly limit: number;
  /** Nothing is sent just now, since Acronis asked for it. */
  readonly isHeld: boolean;
  /** For how long that is so, in milliseconds. */
  readonly heldForMs: number;
}

/** A wait that a reconcile sits out; a longer one is given back to the caller as `throttled`, so that the object can say so. */
const patienceMs = 5_000;
/** No request is held back for longer than this, whatever Retry-After says. */
const maxHoldMs = 15 * 60 * 1000;
/** Where Retry-After is 0, or a date that is over. */
const shortestHoldMs = 100;
/** Without a Retry-After. Shorter than the patience, jitter included. */
const defaultHoldMs = 4_000;
/** Different users that are throttled, none served in between, until it is taken for the account's. */
const minSuspects = 3;
/** Consecutive successes until the concurrency grows by one. */
const growAfter = 20;

interface Waiter {
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

export function createRateLimiter({ limits, clock, random, onThrottled }: RateLimiterOptions): RateLimiter {
  const waiting: Waiter[] = [];
  const suspects = new Suspects();
  /** What a throttle has left of the concurrency; without limit while it has not been cut. */
  let cut = Number.POSITIVE_INFINITY;
  let running = 0;
  let successes = 0;
  let holdUntil = 0;
  /** Why it is held until then. */
  let holdReason: AcronisError | undefined;
  let nextSlot = 0;
  let halvedAt = Number.NEGATIVE_INFINITY;
  let timer: { cancel(): void } | undefined;

  const present = (): number => Math.min(cut, limits().concurrency);

  const take = (now: number) => {
    const { rate } = limits();
    if (rate > 0) nextSlot = Math.max(now, nextSlot) + 1000 / rate;
    running++;
  };

  /** Lets as many go as may, and comes back when the next one may. */
  const pump = () => {
    timer?.cancel();
    timer = undefined;
    while (waiting.length > 0 && running < present()) {
      const now = clock.now();
      const at = Math.max(holdUntil, nextSlot);
      if (at > now) {
        timer = clock.after(at - now, pump);
        return;
      }
      take(now);
      waiting.shift()?.go();
    }
  };

  /** Takes a turn that is free. */
  const goesAtOnce = (): boolean => {
    if (waiting.length > 0 || running >= present()) return false;
    const now = clock.now();
    if (now < holdUntil || now < nextSlot) return false;
    take(now);
    return true;
  };

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        const place = waiting.indexOf(waiter);
        if (place >= 0) waiting.splice(place, 1);
        // There may be no waiter left for the timer to serve.
        pump();
        reject(signal.reason);
      };
      const waiter: Waiter = {
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        fail: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(waiter);
      pump();
    });

  const heldBack = (): AcronisError | undefined => {
    const left = holdUntil - clock.now();
    return left <= patienceMs ? undefined : holdReason?.again({ retryAfterMs: left });
  };

  /** Slows down, and returns the error with the wait that is kept in place of the one that was asked for. */
  const slowDown = (error: AcronisError, startedAt: number): AcronisError => {
    const asked = Math.max(error.retryAfterMs ?? defaultHoldMs, shortestHoldMs);
    // A little later than asked, so that requests held back do not all leave in the same millisecond.
    const hold = Math.min(asked * (1 + random() * 0.1), maxHoldMs);
    const until = clock.now() + hold;
    if (until > holdUntil) {
      onThrottled?.((until - Math.max(holdUntil, clock.now())) / 1000);
      holdUntil = until;
      holdReason = error;
    }
    // Requests that were in flight together are refused together: that is one reason to slow down, not eight.
    if (startedAt > halvedAt) {
      cut = Math.max(1, Math.floor(present() / 2));
      halvedAt = clock.now();
    }
    successes = 0;
    const refusal = heldBack();
    if (refusal !== undefined) for (const waiter of waiting.splice(0)) waiter.fail(refusal);
    const { status, detail } = error;
    return error.again({ status, detail, retryAfterMs: holdUntil - clock.now() });
  };

  /** "Later" about one user is that user's, unless others are given it as well. */
  const throttle = (error: AcronisError, subject: string | undefined, startedAt: number): AcronisError => {
    if (error.scope !== 'user') return slowDown(error, startedAt);
    suspects.add(subject);
    if (suspects.size >= minSuspects) return slowDown(error, startedAt);
    const { status, detail, scope } = error;
    const retryAfterMs = Math.min(error.retryAfterMs ?? defaultHoldMs, maxHoldMs);
    return error.again({ status, detail, scope, retryAfterMs });
  };

  return {
    get limit() {
      return present();
    },
    get isHeld() {
      return clock.now() < holdUntil;
    },
    get heldForMs() {
      return Math.max(0, holdUntil - clock.now());
    },
    async run(call, signal, subject) {
      signal.throwIfAborted();
      const refusal = heldBack();
      if (refusal !== undefined) throw refusal;
      if (!goesAtOnce()) await turn(signal);
      const startedAt = clock.now();
      try {
        const result = await call();
        suspects.clear();
        if (cut < limits().concurrency && ++successes >= growAfter) {
          cut = cut + 1 < limits().concurrency ? cut + 1 : Number.POSITIVE_INFINITY;
          successes = 0;
        }
        return result;
      } catch (error) {
        if (!(error instanceof AcronisError)) throw error;
        if (error.kind === 'throttled') throw throttle(error, subject, startedAt);
        if (error.status > 0 && error.kind !== 'unavailable') suspects.clear();
        throw error;
      } finally {
        running--;
        // Those who waited may have been sent away, and the timer that was to serve them is of no use.
        if (waiting.length > 0 || timer !== undefined) pump();
      }
    },
  };
}
