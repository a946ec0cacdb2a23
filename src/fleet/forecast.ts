/**
 * The requests to Acronis in an hour in which nothing changes: the change feed of each account, and the reads of the resync, a hundred users of one
 * source of credentials each, and the branding of tenants. Tokens, which are renewed now and then, and objects that are not Ready and retried are not in it.
 */
import { maxUsersPerRead } from '../acronis/api.ts';
import { inSlices } from '../base/concurrency/slices.ts';
import { type Fleet, type Source, sourceOf } from './cache/objects.ts';
import type { RequestsPerHour } from './metrics.ts';

export interface ForecastOptions {
  readonly fleet: Fleet;
  /** Accounts in use. */
  readonly accounts: number;
  readonly driftIntervalMs: number;
  readonly resyncIntervalMs: number;
  readonly brandIntervalMs: number;
  /** What refreshing the branding took within the last interval. */
  readonly requestsPerInterval: number;
}

const hourMs = 3_600_000;

export async function forecast(options: ForecastOptions): Promise<RequestsPerHour> {
  const { fleet, accounts, driftIntervalMs, resyncIntervalMs, brandIntervalMs, requestsPerInterval } = options;
  let reads = 0;
  let size = 0;
  const sources = new Set<Source>();
  const endRead = () => {
    reads += sources.size;
    size = 0;
    sources.clear();
  };
  for await (const slice of inSlices(fleet.values())) {
    for (const object of slice) {
      if (!(object.spec.ok && object.spec.value.suspend)) sources.add(sourceOf(object));
      if (++size === maxUsersPerRead) endRead();
    }
  }
  endRead();
  return {
    feed: (accounts * hourMs) / driftIntervalMs,
    resync: (reads * hourMs) / resyncIntervalMs,
    brands: (requestsPerInterval * hourMs) / brandIntervalMs,
  };
}
