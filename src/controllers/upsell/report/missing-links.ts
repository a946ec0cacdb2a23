/**
 * Tenants whose company administrators are buyers and see no link, since the branding in force has no Buy URL: the partner loses sales there. It is said by one
 * Event per tenant, on the object that showed it first, and again once it had a link in between.
 */
import type { Status } from '../../../api/status.ts';
import type { EventRecorder } from '../../../kubernetes/events/recorder.ts';
import type { EventSubject } from '../../../kubernetes/events/subject.ts';

const message =
  'Company administrators of this tenant are offered more, but see no link: the branding in force has no Buy URL. Set it in the management portal, under Settings, Branding, Upsell.';

export class MissingLinks {
  readonly #said = new Set<string>();
  readonly #events: Pick<EventRecorder, 'warning'>;

  constructor(events: Pick<EventRecorder, 'warning'>) {
    this.#events = events;
  }

  /** To be called with each status that was written, and the one before it. */
  reported(about: EventSubject, before: Status, { offer, tenantID }: Status): void {
    if (tenantID === undefined) return;
    if (offer === 'BuyNow') this.#said.delete(tenantID);
    if (offer !== 'BuyNowWithoutLink' || before.offer === offer || this.#said.has(tenantID)) return;
    this.#said.add(tenantID);
    this.#events.warning(about, 'NoBuyLink', message);
  }
}
