/**
 * The resync: every object is reconciled once per interval, spread evenly, so that whatever the change feed and the watch missed is found. Objects go in
 * slices of as many as one read takes, in the order in which they came: an object that comes while a round is on has its turn at the end of this round,
 * within an interval, and not in the next one.
 */
import { maxUsersPerRead } from '../acronis/api.ts';
import type { Clock } from '../base/clock.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';
import type { Fleet } from './cache/objects.ts';
import type { FleetMetrics } from './metrics.ts';

/** How soon a fleet that was empty is asked for again. */
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
  let round = startRound(fleet);
  while (!signal.aborted) {
    const slices = Math.ceil(fleet.size / maxUsersPerRead);
    const pauseMs = slices === 0 ? Math.min(emptyWaitMs, intervalMs) : intervalMs / slices;
    await clock.sleep(pauseMs, signal).catch(() => {});
    if (signal.aborted) return;
    // A fleet that grew during the pause has more to do than a slice.
    const due = Math.max(maxUsersPerRead, Math.ceil((fleet.size * pauseMs) / intervalMs));
    for (const key of round.take(due)) queue.add(key, 'resync');
    if (!round.isOver) continue;
    metrics.resyncDone();
    round = startRound(fleet);
  }
}

/** All keys once. It follows the fleet: it passes over what went, and comes to what was added. */
function startRound(fleet: Fleet) {
  const keys = fleet.keys();
  let next = keys.next();
  return {
    get isOver() {
      return next.done === true;
    },
    *take(count: number): Iterable<string> {
      for (let taken = 0; taken < count && next.done !== true; next = keys.next()) {
        if (fleet.get(next.value) === undefined) continue;
        taken++;
        yield next.value;
      }
    },
  };
}
