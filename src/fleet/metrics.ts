/** What is counted of the fleet as a whole. No label grows with the fleet: no object, user, tenant or namespace ever is one. */
export interface FleetMetrics {
  driftFound(users: number): void;
  /** How old the knowledge of one account's changes is, once per poll of it. */
  feedAge(seconds: number): void;
  /** Every object was put into the queue for its turn of the resync. */
  resyncDone(): void;
  /** How many objects there are by reason of Ready; asked for when the page is read. */
  countObjects(count: () => Promise<ReadonlyMap<string, number>>): void;
  /** How many there are by offer and by what can reach the user; asked for when the page is read. */
  countOffers(count: () => Promise<OfferCounts>): void;
  /** How many listed namespaces are not served; asked for when the page is read. */
  countUnserved(count: () => number): void;
  /** Since when the object that is not Ready for longest is so; asked for when the page is read. */
  watchNotReady(since: () => Promise<NotReadySince>): void;
  /** What is asked of Acronis in an hour in which nothing changes; asked for when the page is read. */
  forecast(requestsPerHour: () => Promise<RequestsPerHour>): void;
}

/** Wall time in milliseconds; undefined where there is none. */
export interface NotReadySince {
  /** Of the objects that wait for a person. */
  readonly stalled: number | undefined;
  /** Of those that should pass by themselves. */
  readonly passing: number | undefined;
}

export interface OfferCounts {
  readonly byOffer: ReadonlyMap<string, number>;
  /** By the reason of the condition Informed. */
  readonly byInformed: ReadonlyMap<string, number>;
  /** Tenants with a buyer who is company administrator and sees no link. */
  readonly tenantsWithoutBuyUrl: number;
}

export interface RequestsPerHour {
  readonly feed: number;
  readonly resync: number;
  /** Of branding, as the last interval took them. */
  readonly brands: number;
}
