import { beforeEach, describe, expect, test } from 'vitest';
import { createPrometheus, type Prometheus } from '../../../../src/observability/metrics/prometheus.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

let clock: ManualClock;
let prometheus: Prometheus;

beforeEach(() => {
  clock = new ManualClock();
  prometheus = createPrometheus({
    clock,
    version: '1.2.3',
    upsell: { controller: 'tenantuserupsell', maxConcurrentReconciles: 64 },
    account: { controller: 'acronisaccount', maxConcurrentReconciles: 16 },
    policy: { controller: 'tenantupsellpolicy', maxConcurrentReconciles: 16 },
    kubernetesHost: 'api:6443',
    leaderElectionId: 'acronis-upsell-operator',
  });
});

/** The value of one series as the page shows it; undefined when it is not there. */
async function value(series: string): Promise<number | undefined> {
  const { text } = await prometheus.page();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('series whose labels are known are there from the start, at 0', async () => {
  for (const series of [
    'controller_runtime_reconcile_total{controller="tenantuserupsell",result="success"}',
    'controller_runtime_reconcile_total{controller="tenantuserupsell",result="error"}',
    'controller_runtime_reconcile_total{controller="tenantuserupsell",result="requeue"}',
    'controller_runtime_reconcile_total{controller="tenantuserupsell",result="requeue_after"}',
    'controller_runtime_reconcile_errors_total{controller="tenantuserupsell"}',
    'controller_runtime_reconcile_panics_total{controller="tenantuserupsell"}',
    'controller_runtime_reconcile_time_seconds_count{controller="tenantuserupsell"}',
    'controller_runtime_active_workers{controller="tenantuserupsell"}',
    'workqueue_depth{name="tenantuserupsell",controller="tenantuserupsell"}',
    'workqueue_adds_total{name="tenantuserupsell",controller="tenantuserupsell"}',
    'workqueue_retries_total{name="tenantuserupsell",controller="tenantuserupsell"}',
    'workqueue_queue_duration_seconds_count{name="tenantuserupsell",controller="tenantuserupsell"}',
    'workqueue_work_duration_seconds_count{name="tenantuserupsell",controller="tenantuserupsell"}',
    'workqueue_unfinished_work_seconds{name="tenantuserupsell",controller="tenantuserupsell"}',
    'leader_election_master_status{name="acronis-upsell-operator"}',
    'acronis_requests_total{operation="put_user",outcome="ok"}',
    'acronis_request_duration_seconds_count{operation="get_users"}',
    'acronis_throttled_seconds_total',
    'acronis_circuit_open',
    'acronis_upsell_writes_total{action="assign",outcome="applied"}',
    'acronis_upsell_drift_found_total',
    'acronis_upsell_drift_corrected_total',
    'acronis_upsell_last_resync_timestamp_seconds',
    'acronis_upsell_longest_not_ready_seconds{stalled="false"}',
    'acronis_upsell_longest_not_ready_seconds{stalled="true"}',
    'acronis_forecast_requests_per_hour{purpose="feed"}',
    'acronis_forecast_requests_per_hour{purpose="resync"}',
    'acronis_upsell_revocations_given_up_total',
    'acronis_upsell_events_dropped_total',
  ]) {
    expect(await value(series), series).toBe(0);
  }
  expect(await value('controller_runtime_max_concurrent_reconciles{controller="tenantuserupsell"}')).toBe(64);
  expect(await value('acronis_upsell_operator_build_info{version="1.2.3"}')).toBe(1);
});

test('every method ends up in its series', async () => {
  const { controller, queue, account, reflector, kubernetes, acronis, upsell, leading } = prometheus.metrics;
  controller.reconciled('error', 0.2);
  controller.panicked();
  controller.activeWorkers(3);
  reflector.watchEvent('tenantuserupsells');
  reflector.listed('tenantuserupsells', 17);
  reflector.watchFailed('tenantuserupsells', 'Expired');
  queue.added();
  queue.depth(4);
  queue.retried();
  account.controller.activeWorkers(2);
  account.queue.depth(5);
  account.countAccounts(() => ({ ready: new Map([['Throttled', 2]]), feed: new Map([['Refused', 1]]) }));
  kubernetes.requested('PATCH', '200', 0.3);
  kubernetes.requested('PATCH', '<error>', 0.3);
  acronis.requested('put_user', 'conflict', 0.3);
  acronis.throttled(2.5);
  acronis.countOpenCircuits(() => 2);
  upsell.wrote('revoke', 'applied');
  upsell.driftFound(2);
  upsell.driftCorrected(undefined);
  upsell.resyncDone();
  upsell.watchNotReady(async () => ({ stalled: clock.wall() - 90_000, passing: undefined }));
  upsell.countOffers(async () => ({
    byOffer: new Map([['BuyNow', 3]]),
    byInformed: new Map([['QuotaNotificationsOff', 2]]),
    tenantsWithoutBuyUrl: 1,
  }));
  upsell.forecast(async () => ({ feed: 60, resync: 12.5, brands: 42 }));
  upsell.revocationGivenUp();
  upsell.eventDropped();
  leading(true);
  const expected: Record<string, number> = {
    'acronis_upsell_offers{offer="BuyNow"}': 3,
    'acronis_upsell_informed{reason="QuotaNotificationsOff"}': 2,
    acronis_upsell_tenants_without_buy_url: 1,
    'acronis_forecast_requests_per_hour{purpose="brands"}': 42,
    'controller_runtime_reconcile_total{controller="tenantuserupsell",result="error"}': 1,
    'controller_runtime_reconcile_errors_total{controller="tenantuserupsell"}': 1,
    'controller_runtime_reconcile_time_seconds_bucket{le="0.15",controller="tenantuserupsell"}': 0,
    'controller_runtime_reconcile_time_seconds_bucket{le="0.25",controller="tenantuserupsell"}': 1,
    'controller_runtime_reconcile_panics_total{controller="tenantuserupsell"}': 1,
    'controller_runtime_active_workers{controller="tenantuserupsell"}': 3,
    'reflector_last_event_timestamp_seconds{resource="tenantuserupsells"}': clock.wall() / 1_000,
    'reflector_items_per_list{resource="tenantuserupsells"}': 17,
    'reflector_lists_total{resource="tenantuserupsells"}': 1,
    'reflector_failures_total{resource="tenantuserupsells",reason="Expired"}': 1,
    'workqueue_adds_total{name="tenantuserupsell",controller="tenantuserupsell"}': 1,
    'workqueue_depth{name="tenantuserupsell",controller="tenantuserupsell"}': 4,
    'workqueue_retries_total{name="tenantuserupsell",controller="tenantuserupsell"}': 1,
    'rest_client_requests_total{code="200",method="PATCH",host="api:6443"}': 1,
    'rest_client_requests_total{code="<error>",method="PATCH",host="api:6443"}': 1,
    'rest_client_request_duration_seconds_count{verb="PATCH",host="api:6443"}': 2,
    'acronis_requests_total{operation="put_user",outcome="conflict"}': 1,
    'acronis_request_duration_seconds_count{operation="put_user"}': 1,
    acronis_throttled_seconds_total: 2.5,
    'acronis_upsell_writes_total{action="revoke",outcome="applied"}': 1,
    acronis_upsell_drift_found_total: 2,
    acronis_upsell_drift_corrected_total: 1,
    acronis_upsell_last_resync_timestamp_seconds: clock.wall() / 1_000,
    'acronis_upsell_longest_not_ready_seconds{stalled="true"}': 90,
    'acronis_upsell_longest_not_ready_seconds{stalled="false"}': 0,
    'acronis_forecast_requests_per_hour{purpose="feed"}': 60,
    'acronis_forecast_requests_per_hour{purpose="resync"}': 12.5,
    acronis_circuit_open: 2,
    acronis_upsell_revocations_given_up_total: 1,
    acronis_upsell_events_dropped_total: 1,
    'leader_election_master_status{name="acronis-upsell-operator"}': 1,
  };
  for (const [series, number] of Object.entries(expected)) expect(await value(series), series).toBe(number);
});

describe('what is counted when the page is read', () => {
  test('objects by reason; a reason that no object has any more is 0', async () => {
    let counts = new Map([['BuyerAssigned', 5]]);
    prometheus.metrics.upsell.countObjects(async () => counts);
    expect(await value('acronis_upsell_objects{reason="BuyerAssigned"}')).toBe(5);
    counts = new Map([['Throttled', 2]]);
    expect(await value('acronis_upsell_objects{reason="Throttled"}')).toBe(2);
    expect(await value('acronis_upsell_objects{reason="BuyerAssigned"}')).toBe(0);
  });

  test('work in flight adds up until it is done', async () => {
    const series = 'workqueue_unfinished_work_seconds{name="tenantuserupsell",controller="tenantuserupsell"}';
    const { queue } = prometheus.metrics;
    queue.waited(0);
    await clock.advance(2_000);
    queue.waited(0);
    await clock.advance(1_000);
    expect(await value(series)).toBe(4);
    queue.worked(3);
    expect(await value(series)).toBe(1);
    queue.worked(1);
    expect(await value(series)).toBe(0);
  });

  test('the process: CPU, memory, start, event loop', async () => {
    expect(await value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(await value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(await value('process_start_time_seconds')).toBeGreaterThan(1_600_000_000);
    expect(await value('nodejs_eventloop_active_seconds_total')).toBeGreaterThan(0);
  });
});

test('the page is valid exposition text: each family once, with help and type, and a content type', async () => {
  const { text, contentType } = await prometheus.page();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  const types = text.split('\n').filter((line) => line.startsWith('# TYPE '));
  expect(new Set(types).size).toBe(types.length);
  for (const line of text.trim().split('\n')) {
    expect(line).toMatch(/^$|^# (HELP|TYPE) |^[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+$/);
  }
});
