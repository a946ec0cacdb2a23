import { expect, inject, it, onTestFailed, onTestFinished } from 'vitest';
import { startSandbox } from '../../sandbox/acronis/sandbox.ts';
import { startOperator } from '../../sandbox/operator/process.ts';
import { until } from '../../sandbox/until.ts';
import { createProgress } from '../../tools/progress.ts';
import { promtoolProgram } from '../../tools/prometheus/programs.ts';
import { Cluster, upsell } from './chart.ts';
import { buildMs, registered, said } from './observability.ts';

const cluster = new Cluster(inject('auditedControlPlane'));
const count = 130;

/** The numbers of a page by series. */
const numbersOf = (page: string): ReadonlyMap<string, number> =>
  new Map(
    [...page.matchAll(/^([a-z_]+(?:\{.*\})?) (\S+)$/gm)].map(([, series = '', value]) => [series, Number(value)]),
  );

it(
  '/metrics of a running operator is what promtool accepts, and counts what really happened',
  async () => {
    const promtool = await promtoolProgram(createProgress(), new AbortController().signal);
    const { kubeconfig } = inject('auditedControlPlane');
    const namespace = await cluster.newNamespace('metrics');
    const acronis = await startSandbox({ users: count + 50 });
    onTestFinished(() => acronis.stop());
    const operator = await startOperator({
      kubeconfig,
      acronis,
      flags: [
        `--watch-namespaces=${namespace}`,
        `--leader-election-namespace=${namespace}`,
        '--drift-interval=1s',
        '--resync-interval=2s',
      ],
    });
    onTestFinished(async () => void (await operator.stop()));
    onTestFailed(() => console.error(operator.lines.slice(-20).join('\n')));
    await operator.ready(AbortSignal.timeout(30_000));
    const page = async () => await (await fetch(operator.metrics)).text();
    const number = async (series: string) => numbersOf(await page()).get(series);
    const untilNumber = (series: string, holds: (value: number | undefined) => boolean) =>
      until(series, () => number(series), holds, { withinMs: 30_000 });

    const ids = acronis.directory
      .all()
      .filter(({ businessTypes, deletedAt }) => businessTypes.length === 0 && deletedAt === undefined)
      .slice(-count)
      .map(({ id }) => id);
    const [first = ''] = ids;
    const items = [...ids, '99999999-9999-4999-8999-999999999999'].map((userID, at) =>
      upsell(namespace, `user-${at}`, { userID }),
    );
    await cluster.apply({ apiVersion: 'v1', kind: 'List', items });
    await untilNumber('acronis_upsell_objects{reason="BuyerAssigned"}', (value) => value === count);
    await untilNumber('acronis_upsell_objects{reason="UserNotFound"}', (value) => value === 1);
    expect(await number('acronis_upsell_drift_corrected_total')).toBe(0);

    acronis.console.strip(first);
    await untilNumber('acronis_upsell_drift_corrected_total', (value) => value === 1);
    await untilNumber('acronis_upsell_longest_not_ready_seconds{stalled="true"}', (value = 0) => value > 1);
    const before = await number('acronis_upsell_last_resync_timestamp_seconds');
    await untilNumber('acronis_upsell_last_resync_timestamp_seconds', (value = 0) => value > (before ?? 0));

    const text = await page();
    const { said: words, exitCode } = await said(promtool, ['check', 'metrics'], text);
    expect({ exitCode, words }).toEqual({ exitCode: 0, words: '' });
    const names = await registered();
    const unknown = [...numbersOf(text).keys()].filter((series) => !names.has(series.replace(/\{.*/, '')));
    expect(unknown).toEqual([]);
    const now = Date.now() / 1_000;
    const numbers = numbersOf(text);
    const near = (series: string, seconds: number) =>
      expect(Math.abs(now - (numbers.get(series) ?? 0)), series).toBeLessThan(seconds);
    near('acronis_upsell_last_resync_timestamp_seconds', 10);
    near('reflector_last_event_timestamp_seconds{resource="tenantuserupsells.upsell.acronis.com"}', 90);
    expect(numbers.get('leader_election_master_status{name="acronis-upsell-operator"}')).toBe(1);
    expect(numbers.get('acronis_circuit_open')).toBe(0);
    expect(numbers.get('acronis_upsell_longest_not_ready_seconds{stalled="false"}')).toBe(0);
    expect(numbers.get('acronis_requests_total{operation="token",outcome="ok"}')).toBeGreaterThan(0);

    // The object whose user does not exist would be retried besides.
    await cluster.ok(['-n', namespace, 'delete', 'tuu', `user-${count}`]);
    await untilNumber('acronis_upsell_objects{reason="UserNotFound"}', (value = 0) => value === 0);
    const kinds = ['getUsers', 'getUser', 'feed'] as const;
    const sent = () => kinds.reduce((sum, kind) => sum + acronis.ledger.count(kind), 0);
    const forecast = ['feed', 'resync'].reduce(
      (sum, purpose) => sum + (numbers.get(`acronis_forecast_requests_per_hour{purpose="${purpose}"}`) ?? 0),
      0,
    );
    const from = { at: performance.now(), sent: sent() };
    await until('some passes and polls', sent, (value) => value >= from.sent + 30, { withinMs: 40_000 });
    const perHour = ((sent() - from.sent) / (performance.now() - from.at)) * 3_600_000;
    expect(perHour / forecast).toBeLessThan(1.3);
    expect(perHour / forecast).toBeGreaterThan(0.3);
  },
  buildMs,
);
