/** How many objects there are by what their user is offered and by whether it can reach the user, as their statuses say. */
import { informedReason, informedReasons } from '../../api/informed.ts';
import { offers } from '../../api/status.ts';
import { inSlices } from '../../base/concurrency/slices.ts';
import type { OfferCounts } from '../metrics.ts';
import type { Fleet } from './objects.ts';

export async function countOffers(fleet: Fleet): Promise<OfferCounts> {
  const byOffer = new Map<string, number>(offers.map((offer) => [offer, 0]));
  const byInformed = new Map<string, number>(informedReasons.map((reason) => [reason, 0]));
  const withoutLink = new Set<string>();
  for await (const slice of inSlices(fleet.values())) {
    for (const { status } of slice) {
      const { offer, tenantID } = status;
      const informed = informedReason(status.conditions);
      if (offer !== undefined) byOffer.set(offer, (byOffer.get(offer) ?? 0) + 1);
      if (informed !== undefined) byInformed.set(informed, (byInformed.get(informed) ?? 0) + 1);
      if (offer === 'BuyNowWithoutLink' && tenantID !== undefined) withoutLink.add(tenantID);
    }
  }
  return { byOffer, byInformed, tenantsWithoutBuyUrl: withoutLink.size };
}
