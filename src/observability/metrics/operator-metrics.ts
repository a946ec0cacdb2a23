/** What no other operator has: the calls to Acronis, and what became of the objects. */
import type { Registry } from 'prom-client';
import type { AcronisMetrics, AcronisOperation } from '../../acronis/metrics.ts';
import type { Clock } from '../../base/clock.ts';
import type { NotReadySince, OfferCounts, RequestsPerHour } from '../../fleet/metrics.ts';
import type { Metrics } from './interfaces.ts';
import { objectives } from './objectives.ts';
import { counter, gauge, histogram } from './series.ts';

const operations = {
  token: true,
  get_user: true,
  get_users: true,
  put_user: true,
  search: true,
  get_client: true,
  get_tenant: true,
  get_changes: true,
  get_tenants: true,
  list_users: true,
  list_tenants: true,
  get_brand: true,
} satisfies Record<AcronisOperation, true>;

export function acronisMetrics(registry: Registry): AcronisMetrics {
  const requests = counter(registry, 'acronis_requests_total', 'Requests to Acronis, by operation and outcome.', [
    'operation',
    'outcome',
  ]);
  const duration = histogram(
    registry,
    'acronis_request_duration_seconds',
    'How long requests to Acronis took, waiting for a turn not included.',
    ['operation'],
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  );
  const throttled = counter(
    registry,
    'acronis_throttled_seconds_total',
    'Seconds for which requests were held back because Acronis asked for it.',
  ).of();
  let openCircuits = () => 0;
  const circuits = gauge(
    registry,
    'acronis_circuit_open',
    'Accounts that are left alone for a while because Acronis did not respond.',
    [],
    () => circuits.of().set(openCircuits()),
  );
  for (const operation of Object.keys(operations)) {
    requests.of(operation, 'ok');
    duration.of(operation);
  }
  return {
    requested(operation, outcome, seconds) {
      requests.of(operation, outcome).inc();
      duration.of(operation).observe(seconds);
    },
    throttled: (seconds) => throttled.inc(seconds),
    countOpenCircuits(count) {
      openCircuits = count;
    },
  };
}

/** One series for all kinds. */
export type WouldWriteCounter = ReturnType<typeof wouldWriteCounter>;
export function wouldWriteCounter(registry: Registry) {
  const counted = counter(
    registry,
    'acronis_upsell_would_write_total',
    'What --dry-run would have written, by action.',
    ['action'],
  );
  for (const action of ['assign', 'revoke', 'makeChild', 'updateChild', 'removeChild', 'handOverChild'])
    counted.of(action);
  return counted;
}

export function upsellMetrics(
  registry: Registry,
  { clock }: { readonly clock: Clock },
  wouldWrite: WouldWriteCounter,
): Metrics['upsell'] {
  const writes = counter(
    registry,
    'acronis_upsell_writes_total',
    'Writes of business types to Acronis, by action and outcome.',
    ['action', 'outcome'],
  );
  writes.of('assign', 'applied');
  writes.of('revoke', 'applied');
  const drift = counter(
    registry,
    'acronis_upsell_drift_found_total',
    'Users found to differ from their object although the object had not changed.',
  ).of();
  const corrected = counter(
    registry,
    'acronis_upsell_drift_corrected_total',
    'Types put back that the status of their object said were there.',
  ).of();
  const { becameReady, correctedAfter, feedAge } = objectives(registry);
  const givenUp = counter(
    registry,
    'acronis_upsell_revocations_given_up_total',
    'Objects released although the type may still be assigned.',
  ).of();
  const dropped = counter(
    registry,
    'acronis_upsell_events_dropped_total',
    'Kubernetes events that were not written: too many, or refused.',
  ).of();
  let countObjects: () => Promise<ReadonlyMap<string, number>> = async () => new Map();
  const reasons = new Set<string>();
  const objects = gauge(
    registry,
    'acronis_upsell_objects',
    'Objects by the reason of their condition Ready.',
    ['reason'],
    async () => {
      const counts = await countObjects();
      for (const reason of counts.keys()) reasons.add(reason);
      // A reason that no object has any more is 0, not its last number.
      for (const reason of reasons) objects.of(reason).set(counts.get(reason) ?? 0);
    },
  );
  const { lastResync, countUnserved, watchNotReady, forecast } = fleetGauges(registry, clock);
  const countOffers = offerGauges(registry);
  return {
    wrote: (action, outcome) => writes.of(action, outcome).inc(),
    wouldWrite: (action) => wouldWrite.of(action).inc(),
    driftFound: (users) => drift.inc(users),
    driftCorrected(seconds) {
      corrected.inc();
      if (seconds !== undefined) correctedAfter.observe(seconds);
    },
    becameReady: (seconds) => becameReady.observe(seconds),
    feedAge: (seconds) => feedAge.observe(seconds),
    resyncDone: () => lastResync.set(clock.wall() / 1_000),
    revocationGivenUp: () => givenUp.inc(),
    eventDropped: () => dropped.inc(),
    countObjects(count) {
      countObjects = count;
    },
    countOffers,
    countUnserved,
    watchNotReady,
    forecast,
  };
}

function offerGauges(registry: Registry): Metrics['upsell']['countOffers'] {
  let counts = async (): Promise<OfferCounts> => ({
    byOffer: new Map(),
    byInformed: new Map(),
    tenantsWithoutBuyUrl: 0,
  });
  // Counted once for the three, with the first one.
  let counted = counts();
  const byOffer = gauge(
    registry,
    'acronis_upsell_offers',
    'Objects by what their user is offered when a quota runs out.',
    ['offer'],
    async () => {
      counted = counts();
      for (const [offer, count] of (await counted).byOffer) byOffer.of(offer).set(count);
    },
  );
  const byInformed = gauge(
    registry,
    'acronis_upsell_informed',
    'Objects by the reason of their condition Informed: whether what is sent about quotas can reach the user.',
    ['reason'],
    async () => {
      for (const [reason, count] of (await counted).byInformed) byInformed.of(reason).set(count);
    },
  );
  const withoutLink = gauge(
    registry,
    'acronis_upsell_tenants_without_buy_url',
    'Tenants in which a buyer who is company administrator sees no link, since the branding in force has no Buy URL.',
    [],
    async () => withoutLink.of().set((await counted).tenantsWithoutBuyUrl),
  );
  return (count) => {
    counts = count;
  };
}

function fleetGauges(registry: Registry, clock: Clock) {
  const lastResync = gauge(
    registry,
    'acronis_upsell_last_resync_timestamp_seconds',
    'When the last object of the last resync had its turn, in seconds since 1970; 0 before the first.',
  ).of();
  let since = async (): Promise<NotReadySince> => ({ stalled: undefined, passing: undefined });
  const notReady = gauge(
    registry,
    'acronis_upsell_longest_not_ready_seconds',
    'For how long the object that is not Ready for longest is so; 0 where all are.',
    ['stalled'],
    async () => {
      const { stalled, passing } = await since();
      const age = (from: number | undefined) => (from === undefined ? 0 : Math.max(0, clock.wall() - from) / 1_000);
      notReady.of('true').set(age(stalled));
      notReady.of('false').set(age(passing));
    },
  );
  let unserved = () => 0;
  const unservedNamespaces = gauge(
    registry,
    'acronis_upsell_unserved_namespaces',
    'Namespaces of --watch-namespaces that the API server does not show.',
    [],
    () => unservedNamespaces.of().set(unserved()),
  );
  let requestsPerHour = async (): Promise<RequestsPerHour> => ({ feed: 0, resync: 0, brands: 0 });
  const forecasts = gauge(
    registry,
    'acronis_forecast_requests_per_hour',
    'Requests to Acronis in an hour in which nothing changes; 0 while this process does not lead.',
    ['purpose'],
    async () => {
      const { feed, resync, brands } = await requestsPerHour();
      forecasts.of('feed').set(feed);
      forecasts.of('resync').set(resync);
      forecasts.of('brands').set(brands);
    },
  );
  return {
    lastResync,
    countUnserved(count: () => number) {
      unserved = count;
    },
    watchNotReady(read: () => Promise<NotReadySince>) {
      since = read;
    },
    forecast(reckon: () => Promise<RequestsPerHour>) {
      requestsPerHour = reckon;
    },
  };
}
