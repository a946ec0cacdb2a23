/**
 * Reads that are asked for at about the same time travel together: a hundred keys in one request, or as many as its URL has room for.
 * While a batch is in flight, and for a moment after it was sent, the next one fills: a busy operator sends few large batches, and an idle one
 * waits for nothing but the first few milliseconds.
 * A batch that fails as a whole is split before any of its keys is blamed, and what failed alone is read alone for a while, so that its neighbours are
 * never again in a batch with it.
 */

import { orAborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { maxUsersPerRead } from './api.ts';
import { AcronisError } from './errors.ts';

/** When a batch leaves. */
export interface BatchTimes {
  /** How long the first read after a quiet time waits for others. */
  readonly windowMs?: number;
  /** The same while batches follow one another: from one being sent to the next. */
  readonly busyWindowMs?: number;
  /** Batches in flight. */
  readonly maxInFlight?: number;
}

export interface BatchOptions<V> extends BatchTimes {
  readonly clock: Clock;
  /** All of these in one request; a key that the response leaves out is left out. */
  readonly readMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;
  /** A key by itself. */
  readonly readOne: (key: string) => Promise<V>;
  /** A key that a batch left out. */
  readonly readLeftOut: (key: string) => Promise<V>;
}

export interface Batch<V> {
  /** @throws AcronisError, or the signal's reason. */
  read(key: string, signal: AbortSignal): Promise<V>;
  /** Nothing waits, nothing is in flight, and no key is remembered. */
  readonly isIdle: boolean;
}

/** A batch in flight for longer than this holds the next one up no more: one key whose read hangs must not slow the others. */
const slowMs = 1_000;
/** How long a key that failed alone stays out of batches. */
const aloneMs = 10 * 60_000;
/** Into how many a batch is split that failed: two more steps lead from a hundred to one, so that a read that hangs is over within the deadline of a reconcile. */
const partSize = 10;
/** Of the keys of one request, as its URL has them: a hundred ids fit, and gateways refuse URLs beyond 8 KiB. */
const maxQueryLength = 6_000;

interface Wanted<V> {
  readonly key: string;
  readonly promise: Promise<V>;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
}

export function createBatch<V>(options: BatchOptions<V>): Batch<V> {
  const { clock, readMany, readOne, readLeftOut, windowMs = 5, busyWindowMs = 30, maxInFlight = 2 } = options;
  let waiting = new Map<string, Wanted<V>>();
  let windowOpen = false;
  let inFlight = 0;
  /** Requests, those of a batch that holds the next one up no more included. */
  let unsettled = 0;
  let sentAt = Number.NEGATIVE_INFINITY;

  const dispatch = () => {
    while (waiting.size > 0 && inFlight < maxInFlight && (!windowOpen || waiting.size >= maxUsersPerRead)) {
      const batch = take();
      inFlight++;
      sentAt = clock.now();
      let held = true;
      const release = () => {
        if (!held) return;
        held = false;
        slow.cancel();
        inFlight--;
        dispatch();
      };
      const slow = clock.after(slowMs, release);
      void fetchBatch(batch).finally(release);
    }
  };

  const take = (): readonly Wanted<V>[] => {
    const all = [...waiting.values()];
    const count = fitting(all.map(({ key }) => key));
    waiting = new Map(all.slice(count).map((wanted) => [wanted.key, wanted]));
    return all.slice(0, count);
  };

  /** Read alone, until these times. */
  const alone = new Map<string, number>();
  const forgetAlone = () => {
    const now = clock.now();
    for (const [key, until] of alone) if (until <= now) alone.delete(key);
  };
  const keepAlone = (key: string) => {
    forgetAlone();
    alone.set(key, clock.now() + aloneMs);
  };

  /** @returns why it failed; undefined where it did not. */
  const fetchOne = async (wanted: Wanted<V>, how = readOne): Promise<unknown> => {
    unsettled++;
    try {
      wanted.resolve(await how(wanted.key));
      return undefined;
    } catch (error) {
      if (mayBeOneUsers(error)) keepAlone(wanted.key);
      wanted.reject(error);
      return error;
    } finally {
      unsettled--;
    }
  };

  /** Settles the promises of the batch, those that it left out a little later; never rejects. @returns why it failed as a whole. */
  const fetchTogether = async (batch: readonly Wanted<V>[]): Promise<unknown> => {
    let values: ReadonlyMap<string, V>;
    unsettled++;
    try {
      values = await readMany(batch.map(({ key }) => key));
    } catch (error) {
      return error;
    } finally {
      unsettled--;
    }
    for (const wanted of batch) {
      const value = values.get(wanted.key);
      if (value === undefined) void fetchOne(wanted, readLeftOut);
      else wanted.resolve(value);
    }
    return undefined;
  };

  const fetchBatch = async (batch: readonly Wanted<V>[]): Promise<void> => {
    const [first] = batch;
    if (first !== undefined && batch.length === 1) {
      await fetchOne(first);
      return;
    }
    const error = await fetchTogether(batch);
    if (error === undefined) return;
    if (mayBeOneUsers(error)) await split(batch);
    else for (const wanted of batch) wanted.reject(error);
  };

  /** Two alone show whether it is the account's trouble. If it is not, tens, and of a ten that fails each alone. */
  const split = async (batch: readonly Wanted<V>[]): Promise<void> => {
    const rest = [...batch];
    const ends = [rest.shift(), rest.pop()].filter((wanted) => wanted !== undefined);
    const shared = sharedFailure(await Promise.all(ends.map((wanted) => fetchOne(wanted))));
    if (shared !== undefined) {
      for (const wanted of rest) wanted.reject(shared);
      return;
    }
    const parts: Wanted<V>[][] = [];
    while (rest.length > 0) parts.push(rest.splice(0, partSize));
    await Promise.all(parts.map(fetchPart));
  };

  const fetchPart = async (part: readonly Wanted<V>[]): Promise<void> => {
    const error = part.length === 1 ? 'alone' : await fetchTogether(part);
    if (error === undefined) return;
    const failures = await Promise.all(part.map((wanted) => fetchOne(wanted)));
    // None of them fails alone, and together they do: they are not put into a batch for a while.
    if (part.length > 1 && failures.every((each) => each === undefined)) for (const { key } of part) keepAlone(key);
  };

  return {
    get isIdle() {
      forgetAlone();
      return waiting.size + unsettled + alone.size === 0 && !windowOpen;
    },
    async read(key, signal) {
      signal.throwIfAborted();
      if ((alone.get(key) ?? 0) > clock.now()) {
        const single = { key, ...Promise.withResolvers<V>() };
        void fetchOne(single);
        return await orAborted(single.promise, signal);
      }
      let wanted = waiting.get(key);
      if (wanted === undefined) {
        wanted = { key, ...Promise.withResolvers<V>() };
        waiting.set(key, wanted);
        if (!windowOpen) {
          windowOpen = true;
          clock.after(Math.max(windowMs, sentAt + busyWindowMs - clock.now()), () => {
            windowOpen = false;
            dispatch();
          });
        }
        if (waiting.size >= maxUsersPerRead) dispatch();
      }
      return await orAborted(wanted.promise, signal);
    },
  };
}

/** How many of the first of these go into one request: one in any case. */
function fitting(keys: readonly string[]): number {
  let length = 0;
  let count = 0;
  for (const key of keys) {
    length += encodeURIComponent(key).length + 1;
    if (count > 0 && (count === maxUsersPerRead || length > maxQueryLength)) break;
    count++;
  }
  return count;
}

/** A failure that may be about one key of a batch, not about the account or the service. */
const mayBeOneUsers = (error: unknown): error is AcronisError =>
  error instanceof AcronisError && error.scope === 'user';

/** What two keys failed with alike, or one of them with for the whole account: then it is not theirs, and the others would fail likewise. */
function sharedFailure(errors: readonly unknown[]): unknown {
  const wide = errors.find((error) => error !== undefined && !mayBeOneUsers(error));
  if (wide !== undefined) return wide;
  const [one, two] = errors;
  if (!mayBeOneUsers(one) || !mayBeOneUsers(two) || one.kind !== two.kind || one.status !== two.status)
    return undefined;
  const { status, outcomeUnknown, retryAfterMs, detail } = one;
  return one.again({ status, outcomeUnknown, retryAfterMs, detail, scope: 'account' });
}
