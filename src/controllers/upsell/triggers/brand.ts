/** Branding that changed, or became known: objects whose offer depends on it and says something else are reconciled. */
import { type BrandListener, dependsOnBrand } from '../../../fleet/brands/brands.ts';
import type { BuyUrl } from '../../../fleet/brands/buy-url.ts';
import type { Fleet } from '../../../fleet/cache/objects.ts';
import type { WorkQueue } from '../../../runtime/workqueue/queue.ts';
import { reportedBuyUrl } from '../assess/offer.ts';

/** What the controller subscribes to the brandings. */
export const brandListener =
  (fleet: Fleet, queue: Pick<WorkQueue, 'add'>): BrandListener =>
  (changed: ReadonlyMap<string, BuyUrl>) => {
    for (const { key, spec, status } of fleet.values()) {
      const { tenantID, offer } = status;
      if (tenantID === undefined || !dependsOnBrand(offer) || (spec.ok && spec.value.suspend)) continue;
      const now = changed.get(tenantID);
      const reported = reportedBuyUrl(status);
      // Where roles are not shown no Buy URL makes it another offer.
      if (now !== undefined && reported !== undefined && now !== reported) queue.add(key, 'retry');
    }
  };
