/** An API server that takes eight seconds for each status patch while hundreds of objects wait: the lease has connections of its own and is kept. */
import { expect, inject, it } from 'vitest';
import * as z from 'zod';
import { startFaultyProxy } from '../../sandbox/faulty-proxy/proxy.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { until } from '../../sandbox/until.ts';
import { defaultLeaseDurations } from '../../src/runtime/leaderelection/elector.ts';
import { upsell, World } from './world.ts';

const objects = 500;
/** A list, which is empty until the operator has made its lease. */
const leasesSchema = z.object({
  items: z.array(z.object({ spec: z.object({ holderIdentity: z.string(), leaseTransitions: z.number() }) })),
});

it('the lease is kept and renewed at its pace while each status patch takes 8 s and hundreds of objects wait (R2)', async () => {
  const proxy = await startFaultyProxy({ controlPlane: inject('controlPlane'), random: seededRandom(1) });
  await using _ = { [Symbol.asyncDispose]: () => proxy.stop() };
  await using world = await World.start({
    server: proxy.url,
    sandbox: { users: objects + 40 },
    flags: ['--concurrency=64', '--shutdown-grace=1s'],
  });
  world.logOnFailure();
  const lease = async () =>
    leasesSchema.parse(JSON.parse(await world.ok('get', 'leases', '-o', 'json'))).items[0]?.spec;
  const first = await until('there is a leader', lease, (found) => (found?.holderIdentity ?? '') !== '');

  proxy.faults.add({ kind: 'latency', ms: 8_000, on: ['status'] });
  const users = [...world.acronis.directory.all()].slice(0, objects);
  await world.apply(...users.map(({ id }, n) => upsell(`object-${n}`, { userID: id })));
  const statuses = () => proxy.records.filter(({ request }) => request.kind === 'status').length;
  await until(
    'status patches fill the connections',
    async () => statuses(),
    (count) => count >= 16,
  );

  const began = Date.now();
  const renewals = () =>
    proxy.records.filter(({ at, request }) => request.kind === 'lease' && request.method === 'PUT' && at >= began);
  const twoLeases = 2 * defaultLeaseDurations.leaseMs;
  const times = await until(
    'the lease was renewed for more than two of its durations',
    async () => renewals().map(({ at }) => at),
    (at) => (at.at(-1) ?? 0) - began > twoLeases,
    { withinMs: 2 * twoLeases },
  );
  const gaps = times.map((at, n) => at - (times[n - 1] ?? began));
  expect(Math.max(...gaps), 'between two renewals').toBeLessThan(defaultLeaseDurations.renewDeadlineMs / 2);
  expect(await lease()).toMatchObject({
    holderIdentity: first?.holderIdentity,
    leaseTransitions: first?.leaseTransitions,
  });
  expect(world.log).not.toContain('the lease was lost');
  expect(statuses(), 'most of them wait still').toBeLessThan(objects / 2);
  proxy.faults.clear();
}, 150_000);
