/**
 * Tenants whose company administrators are buyers and see no link, since the branding in force has no Buy URL: the partner loses sales there. It is said by one
 * Event per tenant, on the object that showed it first, and again once it had a link in between. What was said is remembered for tenants of which an object
 * shows it, and for a bounded number besides: tenants come and go.
 */
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Status } from '../../../api/status.ts';
import type { EventRecorder } from '../../../kubernetes/events/recorder.ts';
import type { EventSubject } from '../../../kubernetes/events/subject.ts';

const message =
  'Company administrators of this tenant are offered more, but see no link: the branding in force has no Buy URL. Set it in the management portal, under Settings, Branding, Upsell.';

/** So many more than objects show are remembered before the rest is forgotten. */
const maxStale = 1_000;

export class MissingLinks {
  readonly #said = new Set<string>();
  readonly #events: Pick<EventRecorder, 'warning'>;
  readonly #fleet: { values(): Iterable<Pick<TenantUserUpsell, 'status'>> };
  #forgetAbove = maxStale;

  constructor(events: Pick<EventRecorder, 'warning'>, fleet: { values(): Iterable<Pick<TenantUserUpsell, 'status'>> }) {
    this.#events = events;
    this.#fleet = fleet;
  }

  /** How many tenants are remembered. */
  get size(): number {
    return this.#said.size;
  }

  /** To be called with each status that was written, and the one before it. */
  reported(about: EventSubject, before: Status, { offer, tenantID }: Status): void {
    if (tenantID === undefined) return;
    if (offer === 'BuyNow') this.#said.delete(tenantID);
    if (offer !== 'BuyNowWithoutLink' || before.offer === offer || this.#said.has(tenantID)) return;
    if (this.#said.size >= this.#forgetAbove) this.#forget();
    this.#said.add(tenantID);
    this.#events.warning(about, 'NoBuyLink', message);
  }

  /** A tenant whose status is still on its way is forgotten with the rest: at worst it is said twice. */
  #forget(): void {
    const shown = new Set<string>();
    for (const { status } of this.#fleet.values())
      if (status.offer === 'BuyNowWithoutLink' && status.tenantID !== undefined) shown.add(status.tenantID);
    for (const tenantId of this.#said) if (!shown.has(tenantId)) this.#said.delete(tenantId);
    // Twice as many at least: that the whole fleet is gone through stays rare.
    this.#forgetAbove = 2 * this.#said.size + maxStale;
  }
}
