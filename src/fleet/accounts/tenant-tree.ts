/**
 * Whether a tenant is one of some, or below one of them, as the API client is shown it. It is proved by going up from tenant to tenant (`parent_id` of
 * `GET /tenants/{id}`); a way up that ends before, since a tenant is not shown or there is none above, proves nothing, and the tenant counts as outside.
 * A tenant that the client may not read (403) is another matter: above the client's own tenant that is as it should be, and below it nothing is known.
 * What was read is kept for a while: tenants hardly ever move.
 */
import type { AcronisApi } from '../../acronis/api.ts';
import { AcronisError } from '../../acronis/errors.ts';
import type { Clock } from '../../base/clock.ts';
import { SharedCalls } from '../../base/concurrency/shared-calls.ts';

export interface TenantTree {
  /** @throws AcronisError where Acronis could not be asked, or `forbidden` where the way up may not be read; or the signal's reason. */
  isWithin(tenantId: string, roots: readonly string[], signal: AbortSignal): Promise<boolean>;
}

/** Where a tenant stands to some: `unknown` where the way up may not be read, which proves neither. */
export type Place = 'inside' | 'outside' | 'unknown';

/** @throws AcronisError where Acronis could not be asked, or the signal's reason. */
export async function placeOf(
  tenantId: string,
  roots: readonly string[],
  tenants: TenantTree,
  signal: AbortSignal,
): Promise<Place> {
  try {
    return (await tenants.isWithin(tenantId, roots, signal)) ? 'inside' : 'outside';
  } catch (error) {
    if (error instanceof AcronisError && error.kind === 'forbidden') return 'unknown';
    throw error;
  }
}

/** A tenant that is moved away is served for at most so long. */
const keptMs = 10 * 60_000;
/** That a tenant was not shown, or may not be read: a right may be granted, or a tenant made, at any moment. */
const keptMissingMs = 60_000;
/** What was known of a tenant before it was refused holds for so long: objects that are served by it are not cut off by a right that is missing for a while. */
const keptRefusedMs = 60 * 60_000;
/** Deeper than partners, folders, customers and units ever are. */
const maxDepth = 32;
/** Beyond what one account has: then all are forgotten, which costs reads and nothing else. */
const maxKept = 20_000;

/** What is above a tenant. */
type Above =
  | { readonly kind: 'tenant'; readonly id: string }
  /** It is the root of all, or is not shown. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly error: AcronisError };

interface Known {
  readonly above: Above;
  readonly readAt: number;
  readonly until: number;
}

export function createTenantTree(api: Pick<AcronisApi, 'getTenantParent' | 'getRootTenant'>, clock: Clock): TenantTree {
  const known = new Map<string, Known>();
  const calls = new SharedCalls<Above>();
  const topCalls = new SharedCalls<string | undefined>();
  let top: { readonly id: string | undefined; readonly until: number } | undefined;

  const readAbove = async (id: string, signal: AbortSignal): Promise<Above> => {
    try {
      const parent = await api.getTenantParent(id, signal);
      return parent === undefined ? { kind: 'nothing' } : { kind: 'tenant', id: parent };
    } catch (error) {
      if (error instanceof AcronisError && error.kind === 'forbidden') return { kind: 'refused', error };
      throw error;
    }
  };

  const aboveOf = async (id: string, signal: AbortSignal): Promise<Above> => {
    const kept = known.get(id);
    if (kept !== undefined && clock.now() < kept.until) return kept.above;
    const above = await calls.run(id, (until) => readAbove(id, until), signal);
    const now = clock.now();
    const holds =
      above.kind === 'refused' && kept?.above.kind === 'tenant' && now - kept.readAt < keptMs + keptRefusedMs;
    const latest = holds ? kept : { above, readAt: now };
    if (known.size >= maxKept) known.clear();
    known.set(id, { ...latest, until: now + (above.kind === 'tenant' ? keptMs : keptMissingMs) });
    return latest.above;
  };

  /** The API client's own tenant, which is the top of all it may see; undefined where that is not shown. */
  const topOf = async (signal: AbortSignal): Promise<string | undefined> => {
    if (top !== undefined && clock.now() < top.until) return top.id;
    const read = (until: AbortSignal) =>
      api.getRootTenant(until).catch((error: unknown) => {
        if (error instanceof AcronisError) return undefined;
        throw error;
      });
    const id = await topCalls.run('', read, signal);
    top = { id, until: clock.now() + (id === undefined ? keptMissingMs : keptMs) };
    return id;
  };

  return {
    async isWithin(tenantId, roots, signal) {
      let below: string | undefined;
      let at = tenantId;
      for (let depth = 0; depth < maxDepth; depth++) {
        if (roots.includes(at)) return true;
        const above = await aboveOf(at, signal);
        if (above.kind === 'nothing') return false;
        if (above.kind === 'refused') {
          const end = await topOf(signal);
          if (end !== undefined && (end === at || end === below)) return false;
          throw above.error;
        }
        [below, at] = [at, above.id];
      }
      return false;
    },
  };
}
