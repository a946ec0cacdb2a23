/** Branding that changed, or became known: objects whose offer depends on it and says something else are reconciled. */
import { accountIdOf } from '../../../fleet/accounts/accounts.ts';
import { type BrandListener, dependsOnBrand } from '../../../fleet/brands/brands.ts';
import { type Fleet, sourceOf } from '../../../fleet/cache/objects.ts';
import type { CredentialSources } from '../../../fleet/credentials/sources.ts';
import type { WorkQueue } from '../../../runtime/workqueue/queue.ts';
import { reportedBuyUrl } from '../assess/offer.ts';

export interface BrandTriggerOptions {
  readonly fleet: Fleet;
  readonly sources: Pick<CredentialSources, 'lastGood'>;
  readonly queue: Pick<WorkQueue, 'add'>;
}

/** What the controller subscribes to the brandings. */
export const brandListener =
  ({ fleet, sources, queue }: BrandTriggerOptions): BrandListener =>
  (changed) => {
    for (const object of fleet.values()) {
      const { key, spec, status } = object;
      const { tenantID, offer } = status;
      if (tenantID === undefined || !dependsOnBrand(offer) || (spec.ok && spec.value.suspend)) continue;
      const credentials = sources.lastGood(sourceOf(object));
      if (credentials === undefined) continue;
      const now = changed.get(accountIdOf(credentials))?.get(tenantID);
      const reported = reportedBuyUrl(status);
      // Where roles are not shown no Buy URL makes it another offer.
      if (now !== undefined && reported !== undefined && now !== reported) queue.add(key, 'retry');
    }
  };
