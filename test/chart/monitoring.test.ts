import { expect, it } from 'vitest';
import * as z from 'zod';
import { refusal, rendered } from './chart.ts';

it.each([
  [
    'a scrape that may take longer than until the next one',
    { serviceMonitor: { enabled: true, interval: '30s', scrapeTimeout: '1m' } },
    'scrapeTimeout is 1m, longer than its interval of 30s: Prometheus refuses that.',
  ],
  [
    'alerts about metrics that are not served',
    { enabled: false, prometheusRule: { enabled: true } },
    'metrics.prometheusRule.enabled needs metrics.enabled',
  ],
  [
    'a monitor of metrics that are not served',
    { enabled: false, serviceMonitor: { enabled: true } },
    'metrics.serviceMonitor.enabled needs metrics.enabled',
  ],
  [
    'an alert to leave out that there is not',
    { prometheusRule: { enabled: true, disabled: ['OperatorDown'] } },
    'disabled has "OperatorDown", which is no alert of this chart. There are AcronisUpsellOperatorDown,',
  ],
])('%s is refused', async (_what, metrics, sentence) => {
  expect(await refusal({ metrics })).toContain(sentence);
});

it.each(['1s1h', '30', '1.5m', 'soon'])(
  'the interval %s, which Prometheus does not read, is refused',
  async (interval) => {
    expect(await refusal({ metrics: { serviceMonitor: { enabled: true, interval } } })).toContain('interval');
  },
);

it('all alerts may be left out', async () => {
  const rules = z.object({
    spec: z.object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string().optional() })) })) }),
  });
  const groups = async (disabled: readonly string[]) =>
    (await rendered({ metrics: { prometheusRule: { enabled: true, disabled } } })).only('PrometheusRule', rules).spec
      .groups;
  const all = (await groups([])).flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []));
  expect(all.length).toBeGreaterThan(5);
  expect(await groups(all)).toEqual([]);
});
