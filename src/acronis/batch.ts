/**
 * Reads of single users that are asked for at about the same time travel together: `GET /users?uuids=` takes 100.
 * While a batch is in flight, and for a moment after it was sent, the next one fills: a busy operator sends few large batches, and an idle one
 * waits for nothing but the first few milliseconds. An id that a batch left out, of however many, is asked for by itself: the response then says why.
 * A batch that fails as a whole is split before any of its users is blamed, and what failed alone is read alone for a while, so that its neighbours are
 * never again in a batch with it.
 */

import { orAborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { type AcronisApi, maxUsersPerRead } from './api.ts';
import { AcronisError } from './errors.ts';
import type { UserEvidence } from './evidence.ts';

/** Reads by id as they are asked for. */
export interface UserReader {
  /** What Acronis shows of the user now. @throws AcronisError, or the signal's reason. */
  read(id: string, signal: AbortSignal): Promise<UserEvidence>;
}

export interface BatchOptions {
  readonly api: Pick<AcronisApi, 'getUser' | 'getUsers'>;
  readonly clock: Clock;
  /** Ends requests in flight when the account is no longer used. */
  readonly lifetime: AbortSignal;
  /** How long the first read after a quiet time waits for others. */
  readonly windowMs?: number;
  /** The same while batches follow one another: from one being sent to the next. */
  readonly busyWindowMs?: number;
  /** Batches in flight. */
  readonly maxInFlight?: number;
}

/** A batch in flight for longer than this holds the next one up no more: one user whose read hangs must not slow the others. */
const slowMs = 1_000;
/** How long an id that failed alone stays out of batches. */
const aloneMs = 10 * 60_000;
/** Into how many a batch is split that failed: two more steps lead from a hundred to one, so that a read that hangs is over within the deadline of a reconcile. */
const partSize = 10;

interface Wanted {
  readonly id: string;
  readonly promise: Promise<UserEvidence>;
  readonly resolve: (evidence: UserEvidence) => void;
  readonly reject: (error: unknown) => void;
}

export function createUserReader(options: BatchOptions): UserReader {
  const { api, clock, lifetime, windowMs = 5, busyWindowMs = 30, maxInFlight = 2 } = options;
  let waiting = new Map<string, Wanted>();
  let windowOpen = false;
  let inFlight = 0;
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

  const take = (): readonly Wanted[] => {
    const all = [...waiting.values()];
    waiting = new Map(all.slice(maxUsersPerRead).map((wanted) => [wanted.id, wanted]));
    return all.slice(0, maxUsersPerRead);
  };

  /** Read alone, until these times. */
  const alone = new Map<string, number>();
  const keepAlone = (id: string) => {
    const now = clock.now();
    for (const [other, until] of alone) if (until <= now) alone.delete(other);
    alone.set(id, now + aloneMs);
  };

  /** A list of one, since it shows the roles. */
  const readOne = async (id: string): Promise<UserEvidence> => {
    try {
      const evidence = (await api.getUsers([id], lifetime)).get(id);
      if (evidence !== undefined) return evidence;
    } catch (error) {
      // That the list is refused says nothing of the user.
      if (!(error instanceof AcronisError) || (error.kind !== 'notFound' && error.kind !== 'rejected')) throw error;
    }
    return await api.getUser(id, lifetime);
  };

  /** @returns why it failed; undefined where it did not. */
  const fetchOne = async (wanted: Wanted, how = readOne): Promise<unknown> => {
    try {
      wanted.resolve(await how(wanted.id));
      return undefined;
    } catch (error) {
      if (mayBeOneUsers(error)) keepAlone(wanted.id);
      wanted.reject(error);
      return error;
    }
  };

  /** Settles the promises of the batch, those that it left out a little later; never rejects. @returns why it failed as a whole. */
  const fetchTogether = async (batch: readonly Wanted[]): Promise<unknown> => {
    let users: ReadonlyMap<string, UserEvidence>;
    try {
      users = await api.getUsers(
        batch.map((wanted) => wanted.id),
        lifetime,
      );
    } catch (error) {
      return error;
    }
    for (const wanted of batch) {
      const evidence = users.get(wanted.id);
      if (evidence === undefined) void fetchOne(wanted, (id) => api.getUser(id, lifetime));
      else wanted.resolve(evidence);
    }
    return undefined;
  };

  const fetchBatch = async (batch: readonly Wanted[]): Promise<void> => {
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
  const split = async (batch: readonly Wanted[]): Promise<void> => {
    const rest = [...batch];
    const ends = [rest.shift(), rest.pop()].filter((wanted) => wanted !== undefined);
    const shared = sharedFailure(await Promise.all(ends.map((wanted) => fetchOne(wanted))));
    if (shared !== undefined) {
      for (const wanted of rest) wanted.reject(shared);
      return;
    }
    const parts: Wanted[][] = [];
    while (rest.length > 0) parts.push(rest.splice(0, partSize));
    await Promise.all(parts.map(fetchPart));
  };

  const fetchPart = async (part: readonly Wanted[]): Promise<void> => {
    const error = part.length === 1 ? 'alone' : await fetchTogether(part);
    if (error === undefined) return;
    const failures = await Promise.all(part.map((wanted) => fetchOne(wanted)));
    // None of them fails alone, and together they do: they are not put into a batch for a while.
    if (part.length > 1 && failures.every((each) => each === undefined)) for (const { id } of part) keepAlone(id);
  };

  return {
    async read(anyCase, signal) {
      signal.throwIfAborted();
      const id = anyCase.toLowerCase();
      if ((alone.get(id) ?? 0) > clock.now()) {
        const single = { id, ...Promise.withResolvers<UserEvidence>() };
        void fetchOne(single);
        return await orAborted(single.promise, signal);
      }
      let wanted = waiting.get(id);
      if (wanted === undefined) {
        wanted = { id, ...Promise.withResolvers<UserEvidence>() };
        waiting.set(id, wanted);
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

/** A failure that may be about one id of a batch, not about the account or the service. */
const mayBeOneUsers = (error: unknown): error is AcronisError =>
  error instanceof AcronisError && error.scope === 'user';

/** What two users failed with alike, or one of them with for the whole account: then it is not theirs, and the others would fail likewise. */
function sharedFailure(errors: readonly unknown[]): unknown {
  const wide = errors.find((error) => error !== undefined && !mayBeOneUsers(error));
  if (wide !== undefined) return wide;
  const [one, two] = errors;
  if (!mayBeOneUsers(one) || !mayBeOneUsers(two) || one.kind !== two.kind || one.status !== two.status)
    return undefined;
  const { status, outcomeUnknown, retryAfterMs, detail } = one;
  return one.again({ status, outcomeUnknown, retryAfterMs, detail, scope: 'account' });
}
