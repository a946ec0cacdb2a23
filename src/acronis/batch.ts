/**
 * Reads of single users that are asked for at about the same time travel together: `GET /users?uuids=` takes 100.
 * While a batch is under way, and for a moment after it was sent, the next one gathers: a busy operator sends few large batches, and an idle one
 * waits for nothing but the first few milliseconds. One id alone is asked for by itself, as is one that a batch left out: the answer then says why.
 * A batch that is refused as a whole is halved until the id that spoils it stands alone.
 */

import { orAborted } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { type AcronisApi, mostUsersPerRead } from './api.ts';
import { AcronisError } from './errors.ts';
import type { UserEvidence } from './evidence.ts';

export interface UserReader {
  /** What Acronis shows of the user now. @throws AcronisError, or the signal's reason. */
  read(id: string, signal: AbortSignal): Promise<UserEvidence>;
}

export interface BatchOptions {
  readonly api: Pick<AcronisApi, 'getUser' | 'getUsers'>;
  readonly clock: Clock;
  /** Ends requests under way when the account is no longer used. */
  readonly lifetime: AbortSignal;
  /** How long the first read after a quiet time waits for others. */
  readonly windowMs?: number;
  /** The same while batches follow one another: from one being sent to the next. */
  readonly busyWindowMs?: number;
  /** Batches under way at once. */
  readonly mostAtOnce?: number;
}

/** A batch under way for longer than this holds the next one up no more: one user whose read hangs must not slow the others. */
const slowMs = 1_000;

interface Wanted {
  readonly id: string;
  readonly promise: Promise<UserEvidence>;
  readonly resolve: (evidence: UserEvidence) => void;
  readonly reject: (error: unknown) => void;
}

export function createUserReader(options: BatchOptions): UserReader {
  const { api, clock, lifetime, windowMs = 5, busyWindowMs = 30, mostAtOnce = 2 } = options;
  let gathering = new Map<string, Wanted>();
  let windowOpen = false;
  let underWay = 0;
  let sentAt = Number.NEGATIVE_INFINITY;

  const dispatch = () => {
    while (gathering.size > 0 && underWay < mostAtOnce && (!windowOpen || gathering.size >= mostUsersPerRead)) {
      const batch = take();
      underWay++;
      sentAt = clock.now();
      let held = true;
      const release = () => {
        if (!held) return;
        held = false;
        slow.cancel();
        underWay--;
        dispatch();
      };
      const slow = clock.after(slowMs, release);
      void fetchBatch(batch).finally(release);
    }
  };

  const take = (): readonly Wanted[] => {
    const all = [...gathering.values()];
    gathering = new Map(all.slice(mostUsersPerRead).map((wanted) => [wanted.id, wanted]));
    return all.slice(0, mostUsersPerRead);
  };

  const fetchOne = async (wanted: Wanted) => {
    try {
      wanted.resolve(await api.getUser(wanted.id, lifetime));
    } catch (error) {
      wanted.reject(error);
    }
  };

  /** Settles the promises of the batch, those that it left out a little later; never rejects. */
  const fetchBatch = async (batch: readonly Wanted[]): Promise<void> => {
    const [first] = batch;
    if (first !== undefined && batch.length === 1) return await fetchOne(first);
    let users: ReadonlyMap<string, UserEvidence>;
    try {
      users = await api.getUsers(
        batch.map((wanted) => wanted.id),
        lifetime,
      );
    } catch (error) {
      if (!spoiltByOne(error)) {
        for (const wanted of batch) wanted.reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await Promise.all([fetchBatch(batch.slice(0, half)), fetchBatch(batch.slice(half))]);
      return;
    }
    for (const wanted of batch) {
      const evidence = users.get(wanted.id);
      if (evidence === undefined) void fetchOne(wanted);
      else wanted.resolve(evidence);
    }
  };

  return {
    async read(anyCase, signal) {
      signal.throwIfAborted();
      const id = anyCase.toLowerCase();
      let wanted = gathering.get(id);
      if (wanted === undefined) {
        wanted = { id, ...Promise.withResolvers<UserEvidence>() };
        gathering.set(id, wanted);
        if (!windowOpen) {
          windowOpen = true;
          clock.after(Math.max(windowMs, sentAt + busyWindowMs - clock.now()), () => {
            windowOpen = false;
            dispatch();
          });
        }
        if (gathering.size >= mostUsersPerRead) dispatch();
      }
      return await orAborted(wanted.promise, signal);
    },
  };
}

/** Errors that may be about one id of a batch, not about the account or the service (as a redirect is). */
const spoiltByOne = (error: unknown): boolean =>
  error instanceof AcronisError &&
  error.status >= 400 &&
  (error.kind === 'rejected' || error.kind === 'forbidden' || error.kind === 'notFound');
