/**
 * The full pass: every object is looked at once per interval, spread evenly, so that whatever the change feed and the watch missed is found.
 * Objects go in slices of as many as one read takes.
 */
import { mostUsersPerRead } from '../acronis/api.ts';
import type { Clock } from '../base/clock.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';
import type { FleetMetrics } from './metrics.ts';
import type { Fleet } from './objects.ts';

/** How soon a fleet that was empty is looked at again. */
const emptyWaitMs = 60_000;

export interface ResyncOptions {
  readonly fleet: Fleet;
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly metrics: Pick<FleetMetrics, 'resyncDone'>;
}

/** Runs until the signal is aborted. */
export async function runResync(
  { fleet, queue, intervalMs, clock, metrics }: ResyncOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const keys = [...fleet.keys()];
    const slices = Math.ceil(keys.length / mostUsersPerRead);
    const pauseMs = slices === 0 ? Math.min(emptyWaitMs, intervalMs) : intervalMs / slices;
    for (let slice = 0; slice < Math.max(1, slices); slice++) {
      await clock.sleep(pauseMs, signal).catch(() => {});
      if (signal.aborted) return;
      for (const key of keys.slice(slice * mostUsersPerRead, (slice + 1) * mostUsersPerRead)) {
        if (fleet.get(key) !== undefined) queue.add(key, 'resync');
      }
    }
    metrics.resyncDone();
  }
}
