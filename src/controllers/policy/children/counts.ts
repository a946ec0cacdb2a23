/** What a policy's status says of its children in numbers. */
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { PolicyStatus } from '../../../api/policy/status.ts';
import { conditionOf, offers } from '../../../api/status.ts';

export interface Counts {
  readonly children: number;
  readonly ready: number;
  readonly offers: NonNullable<PolicyStatus['offers']>;
}

/** @param live the children that are not being deleted. */
export function countChildren(live: Iterable<Pick<TenantUserUpsell, 'status'>>): Counts {
  let children = 0;
  let ready = 0;
  const byOffer = new Map<string, number>();
  for (const { status } of live) {
    children++;
    if (conditionOf(status, 'Ready')?.status === 'True') ready++;
    if (status.offer !== undefined) byOffer.set(status.offer, (byOffer.get(status.offer) ?? 0) + 1);
  }
  return {
    children,
    ready,
    offers: Object.fromEntries(
      offers.flatMap((offer) => {
        const count = byOffer.get(offer);
        return count === undefined ? [] : [[offer, count]];
      }),
    ),
  };
}
