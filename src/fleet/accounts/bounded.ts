/**
 * An account as an object may use it whose AcronisAccount has `tenantIDs`: users of other tenants are not shown to it, just as if the API client did not
 * reach them. So nothing is written to them, and an object cannot find out whether there is one.
 */
import type { AcronisReads } from '../../acronis/api.ts';
import { notVisible, type UserEvidence } from '../../acronis/evidence.ts';
import type { ListedUser, UserPage } from '../../acronis/listings/users.ts';
import type { Account } from './accounts.ts';
import { placeOf } from './tenant-tree.ts';

export function boundedTo<W>(tenantIDs: readonly string[], account: Account<W>): Account<W> {
  const { api, users, tenants } = account;
  const isWithin = (tenantId: string, signal: AbortSignal) => tenants.isWithin(tenantId, tenantIDs, signal);
  const placeIn = (tenantId: string, signal: AbortSignal) => placeOf(tenantId, tenantIDs, tenants, signal);
  const asShown = async (evidence: UserEvidence, signal: AbortSignal): Promise<UserEvidence> =>
    evidence.kind === 'seen' && !(await isWithin(evidence.user.tenantId, signal)) ? notVisible : evidence;

  const shownOf = async (page: UserPage, signal: AbortSignal): Promise<UserPage> => {
    const items: ListedUser[] = [];
    // One whose place may not be read is not shown, which proves nothing of it.
    for (const user of page.items) if ((await placeIn(user.tenantId, signal)) === 'inside') items.push(user);
    return { ...page, items };
  };

  /** Method by method: a further one has to say what it shows. */
  const bounded: AcronisReads = {
    getUser: async (id, signal) => await asShown(await api.getUser(id, signal), signal),
    async getUsers(ids, signal) {
      const shown = new Map<string, UserEvidence>();
      for (const [id, evidence] of await api.getUsers(ids, signal)) {
        const place = evidence.kind === 'seen' ? await placeIn(evidence.user.tenantId, signal) : 'inside';
        // Where that is not known, a read of this user alone says why.
        if (place !== 'unknown') shown.set(id, place === 'inside' ? evidence : notVisible);
      }
      return shown;
    },
    async getUsersByExternalId(tenantId, externalIds, signal) {
      if (!(await isWithin(tenantId, signal))) return [];
      return await api.getUsersByExternalId(tenantId, externalIds, signal);
    },
    async search(tenantId, text, signal) {
      if (!(await isWithin(tenantId, signal))) return { users: [], complete: true };
      return await api.search(tenantId, text, signal);
    },
    getRootTenant: (signal) => api.getRootTenant(signal),
    getTenantParent: (id, signal) => api.getTenantParent(id, signal),
    getChanges: (from, signal) => api.getChanges(from, signal),
    // Of the tenants of users that were shown.
    getTenants: (ids, signal) => api.getTenants(ids, signal),
    hasBuyUrl: (tenantId, signal) => api.hasBuyUrl(tenantId, signal),
    listUsers: async (from, signal) => await shownOf(await api.listUsers(from, signal), signal),
    listUsersById: async (ids, signal) => await shownOf(await api.listUsersById(ids, signal), signal),
    // Kinds of tenants, for judging users that were shown.
    listTenants: (from, signal) => api.listTenants(from, signal),
  };
  return {
    id: account.id,
    api: bounded,
    // Of a user that was shown.
    writes: account.writes,
    users: {
      read: async (id, signal) => await asShown(await users.read(id, signal), signal),
      async readByExternalId(tenantId, externalId, signal) {
        if (!(await isWithin(tenantId, signal))) return [];
        return await users.readByExternalId(tenantId, externalId, signal);
      },
    },
    changes: account.changes,
    tenants,
    branding: account.branding,
    circuit: account.circuit,
    get heldForMs() {
      return account.heldForMs;
    },
    isPaused: () => account.isPaused(),
    room: () => account.room(),
  };
}
