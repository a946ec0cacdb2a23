/**
 * How long edits take to become Ready, as people see it: from the watch event that brings a new generation to the one that shows it Ready. What is reported as
 * waiting for a person, or as left alone on purpose, is dropped: its time would be that person's.
 * Invariant: an entry exists only between an edit and its report, so a fleet that is settled costs nothing.
 */
import type { TenantUserUpsell } from '../../../api/object.ts';
import { conditionOf } from '../../../api/status.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Fleet } from '../../../fleet/cache/objects.ts';
import type { UpsellMetrics } from '../metrics.ts';

export interface EditTimesOptions {
  readonly fleet: Pick<Fleet, 'subscribe'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly metrics: Pick<UpsellMetrics, 'becameReady'>;
}

export interface EditTimes {
  /** From now on they are counted: this process works. Until then edits are noted, and those of another leader forgotten. */
  count(): void;
  /** Edits that are not reported yet. */
  readonly pending: number;
}

export function timeEdits({ fleet, clock, metrics }: EditTimesOptions): EditTimes {
  const since = new Map<string, { readonly generation: number; readonly at: number }>();
  let counts = false;
  fleet.subscribe((before, after) => {
    const key = (after ?? before)?.key;
    if (key === undefined) return;
    const end = after === undefined ? 'dropped' : endOf(after);
    const noted = since.get(key);
    if (after !== undefined && end === undefined) {
      // One that fails later, without an edit, was Ready in time.
      const isNew = after.status.observedGeneration !== after.generation && noted?.generation !== after.generation;
      if (isNew) since.set(key, { generation: after.generation, at: clock.now() });
      return;
    }
    if (noted === undefined) return;
    since.delete(key);
    if (end === 'ready' && counts) metrics.becameReady((clock.now() - noted.at) / 1_000);
  });
  return {
    count() {
      counts = true;
    },
    get pending() {
      return since.size;
    },
  };
}

/** How the edit that the object shows ended; undefined while it is on its way, or fails for a reason that passes. */
function endOf(object: TenantUserUpsell): 'ready' | 'dropped' | undefined {
  const { status, generation, deletedAt } = object;
  if (deletedAt !== undefined) return 'dropped';
  if (status.observedGeneration !== generation) return undefined;
  const ready = conditionOf(status, 'Ready');
  if (ready?.status === 'True') return 'ready';
  const waits = conditionOf(status, 'Stalled')?.status === 'True';
  return waits || ready?.reason === 'Suspended' || ready?.reason === 'NotAssigned' ? 'dropped' : undefined;
}
