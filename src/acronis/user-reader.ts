/**
 * Reads of users, as reconciles ask for them: by id, or by the partner's own id in a tenant. Those that are asked for at about the same time travel together.
 * An id that a list left out, of however many, is asked for by itself: the response then says why. A partner's id that it left out is that of no user.
 */
import type { Clock } from '../base/clock.ts';
import type { AcronisReads } from './api.ts';
import { type Batch, type BatchTimes, createBatch } from './batch.ts';
import { AcronisError } from './errors.ts';
import type { UserEvidence } from './evidence.ts';
import type { User } from './user.ts';

export interface UserReader {
  /** What Acronis shows of the user now. @throws AcronisError, or the signal's reason. */
  read(id: string, signal: AbortSignal): Promise<UserEvidence>;
  /**
   * The users that have this id of the partner's in the tenant and, where Acronis shows them, below it; letter case left aside. Where there is none, those that
   * were shown without saying which id they have. @throws as `read`.
   */
  readByExternalId(tenantId: string, externalId: string, signal: AbortSignal): Promise<readonly User[]>;
}

type Calls = Pick<AcronisReads, 'getUser' | 'getUsers' | 'getUsersByExternalId'>;

export interface UserReaderOptions<C extends keyof Calls = keyof Calls> extends BatchTimes {
  readonly api: Pick<Calls, C>;
  readonly clock: Clock;
  /** Ends requests in flight when the account is no longer used. */
  readonly lifetime: AbortSignal;
}

export const createUserReader = (options: UserReaderOptions): UserReader => ({
  ...createIdReader(options),
  ...createExternalIdReader(options),
});

export function createIdReader(options: UserReaderOptions<'getUser' | 'getUsers'>): Pick<UserReader, 'read'> {
  const { api, lifetime } = options;
  const byPath = (id: string): Promise<UserEvidence> => api.getUser(id, lifetime);
  /** A list of one, since it shows the roles. */
  const readOne = async (id: string): Promise<UserEvidence> => {
    try {
      const evidence = (await api.getUsers([id], lifetime)).get(id);
      if (evidence !== undefined) return evidence;
    } catch (error) {
      // That the list is refused says nothing of the user.
      if (!(error instanceof AcronisError) || (error.kind !== 'notFound' && error.kind !== 'rejected')) throw error;
    }
    return await byPath(id);
  };
  const batch = createBatch({
    ...options,
    readMany: (ids) => api.getUsers(ids, lifetime),
    readOne,
    readLeftOut: byPath,
  });
  return { read: (id, signal) => batch.read(id.toLowerCase(), signal) };
}

export function createExternalIdReader(
  options: UserReaderOptions<'getUsersByExternalId'>,
): Pick<UserReader, 'readByExternalId'> {
  const { api, lifetime } = options;
  /** One request is about one tenant. */
  const batches = new Map<string, Batch<readonly User[]>>();
  const batchOf = (tenantId: string): Batch<readonly User[]> => {
    const known = batches.get(tenantId);
    if (known !== undefined) return known;
    for (const [other, batch] of batches) if (batch.isIdle) batches.delete(other);
    const readMany = async (externalIds: readonly string[]) =>
      byExternalId(externalIds, await api.getUsersByExternalId(tenantId, externalIds, lifetime));
    const batch = createBatch({
      ...options,
      readMany,
      readOne: async (externalId) => (await readMany([externalId])).get(externalId) ?? none,
      readLeftOut: async () => none,
    });
    batches.set(tenantId, batch);
    return batch;
  };
  return { readByExternalId: (tenantId, externalId, signal) => batchOf(tenantId).read(externalId, signal) };
}

const none: readonly User[] = [];

/** Who has each of these; each user once. Those of whom the response shows no external id may be any user's: they stand with the ids that no one has. */
function byExternalId(externalIds: readonly string[], users: readonly User[]): ReadonlyMap<string, readonly User[]> {
  const distinct = [...new Map(users.map((user) => [user.id, user])).values()];
  const found = Map.groupBy(distinct, ({ externalId }) => externalId.toLowerCase());
  return new Map(externalIds.map((each) => [each, found.get(each.toLowerCase()) ?? found.get('') ?? none]));
}
