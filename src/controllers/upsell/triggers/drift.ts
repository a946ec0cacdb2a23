/**
 * Drift: users that another client changed. An object whose user is in a state that its status does not know is reconciled; what this operator wrote itself
 * stands in the status already and costs nothing.
 */
import type { Status } from '../../../api/status.ts';
import type { Fleet } from '../../../fleet/cache/objects.ts';
import type { ChangeListener } from '../../../fleet/change-feed.ts';
import type { FleetMetrics } from '../../../fleet/metrics.ts';
import type { WorkQueue } from '../../../runtime/workqueue/queue.ts';
import { reportedAdmin } from '../assess/offer.ts';

export interface DriftOptions {
  readonly fleet: Fleet;
  readonly queue: Pick<WorkQueue, 'add'>;
  readonly metrics: FleetMetrics;
}

/** A role may come and go without another revision; what is offered follows from it. */
function isAsReported(status: Status, isCompanyAdmin: boolean | undefined): boolean {
  const reported = reportedAdmin(status);
  return isCompanyAdmin === undefined || reported === undefined || isCompanyAdmin === reported;
}

/** What the controller subscribes to the change feed. A user counts once, however many objects name it. */
export function driftListener({ fleet, queue, metrics }: DriftOptions): ChangeListener {
  return (_account, changes) => {
    let drifted = 0;
    for (const { id, version, deleted, isCompanyAdmin } of changes) {
      let isDrift = false;
      for (const key of fleet.byIndex('user', id)) {
        const object = fleet.get(key);
        if (object === undefined || (object.spec.ok && object.spec.value.suspend)) continue;
        const { status } = object;
        if (!deleted && status.observedVersion === version && isAsReported(status, isCompanyAdmin)) continue;
        isDrift = true;
        queue.add(key, 'retry');
      }
      if (isDrift) drifted++;
    }
    if (drifted > 0) metrics.driftFound(drifted);
  };
}
