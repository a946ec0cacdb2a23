/**
 * Whether a tenant is one of some, or below one of them, as the API client is shown it. It is proved by going up from tenant to tenant (`parent_id` of
 * `GET /tenants/{id}`); a way up that ends before, since a tenant is not shown or there is none above, proves nothing, and the tenant counts as outside.
 * What was read is kept for a while: tenants hardly ever move.
 */
import type { AcronisApi } from '../../acronis/api.ts';
import type { Clock } from '../../base/clock.ts';
import { SharedCalls } from '../../base/concurrency/shared-calls.ts';

export interface TenantTree {
  /** @throws AcronisError where Acronis could not be asked, or the signal's reason. */
  isWithin(tenantId: string, roots: readonly string[], signal: AbortSignal): Promise<boolean>;
}

/** A tenant that is moved away is served for at most so long. */
const keptMs = 10 * 60_000;
/** That a tenant was not shown: a right may be granted, or a tenant made, at any moment. */
const keptMissingMs = 60_000;
/** Deeper than partners, folders, customers and units ever are. */
const maxDepth = 32;
/** Beyond what one account has: then all are forgotten, which costs reads and nothing else. */
const maxKept = 20_000;

interface Known {
  readonly parent: string | undefined;
  readonly until: number;
}

export function createTenantTree(api: Pick<AcronisApi, 'getTenantParent'>, clock: Clock): TenantTree {
  const known = new Map<string, Known>();
  const calls = new SharedCalls<string | undefined>();

  const parentOf = async (id: string, signal: AbortSignal): Promise<string | undefined> => {
    const kept = known.get(id);
    if (kept !== undefined && clock.now() < kept.until) return kept.parent;
    const parent = await calls.run(id, (until) => api.getTenantParent(id, until), signal);
    if (known.size >= maxKept) known.clear();
    known.set(id, { parent, until: clock.now() + (parent === undefined ? keptMissingMs : keptMs) });
    return parent;
  };

  return {
    async isWithin(tenantId, roots, signal) {
      let at: string | undefined = tenantId;
      for (let depth = 0; at !== undefined && depth < maxDepth; depth++) {
        if (roots.includes(at)) return true;
        at = await parentOf(at, signal);
      }
      return false;
    },
  };
}
