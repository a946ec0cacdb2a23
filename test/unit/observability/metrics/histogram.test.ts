import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { PlainHistogram } from '../../../../src/observability/metrics/histogram.ts';

const shape = { name: 'seconds', help: 'How long.', labelNames: ['verb'], buckets: [0.1, 1, 5] };

it('the page and the values are those of prom-client, on the bounds, between and above them', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const plain = new PlainHistogram({ ...shape, registers: [ours] });
  const original = new Histogram({ ...shape, registers: [theirs] });
  const [get, put] = [plain.bind({ verb: 'GET' }), plain.bind({ verb: 'PUT' })];
  original.zero({ verb: 'GET' });
  original.zero({ verb: 'PUT' });
  for (const value of [0, 0.1, 0.100001, 1, 4.5, 5, 5.5, 1e9]) {
    get(value);
    original.observe({ verb: 'GET' }, value);
  }
  put(0.25);
  original.observe({ verb: 'PUT' }, 0.25);
  expect(await ours.metrics()).toBe(await theirs.metrics());
  expect((await plain.get()).values.map(({ value }) => value)).toEqual(
    (await original.get()).values.map(({ value }) => value),
  );
});

it('a series that was bound is there before anything was observed', async () => {
  const registry = new Registry();
  new PlainHistogram({ ...shape, registers: [registry] }).bind({ verb: 'GET' });
  expect(await registry.metrics()).toContain('seconds_count{verb="GET"} 0');
});

it('what is not bound is refused, as it would be on no page', () => {
  const histogram = new PlainHistogram({ ...shape, registers: [new Registry()] });
  expect(() => histogram.observe({ verb: 'GET' }, 1)).toThrow('seconds counts by bound series only');
});
