import { expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

it('of two replicas one works; the other is ready, and takes over as soon as the first one leaves', async () => {
  await using world = await World.start();
  world.logOnFailure();
  const { johnDoe, companyAdmin } = world.acronis.cast;
  const holder = () => world.ok('get', 'leases', '-o', 'jsonpath={.items[*].spec.holderIdentity}');
  const first = await until('there is a leader', holder, (name) => name !== '');
  const second = await world.replica();
  await using _ = { [Symbol.asyncDispose]: async () => void (await second.stop()) };
  await second.ready(AbortSignal.timeout(20_000));
  await world.upsell('john', { userID: johnDoe });
  await world.untilReason('john', 'BuyerAssigned');
  expect(second.lines.some((line) => line.includes('wrote to Acronis'))).toBe(false);
  // It sees the object, and queues no work that the other one does.
  const page = await until(
    'it has seen the object',
    async () => await (await fetch(second.metrics)).text(),
    (text) => /^acronis_upsell_objects\{.*BuyerAssigned.*\} 1$/m.test(text),
  );
  expect(page).toMatch(/^workqueue_adds_total\{.*\} 0$/m);

  expect(await world.operator.stop()).toMatchObject({ exitCode: 0 });
  await world.upsell('ada', { userID: companyAdmin });
  await world.untilReason('ada', 'BuyerAssigned', 10_000);
  expect(await holder()).not.toBe(first);
  expect(world.puts(johnDoe)).toBe(1);
});
