/** What a user may write into an object, on the real API server: none of it is taken for the protocol of a watch, and no other object is disturbed by it. */
import { expect, it } from 'vitest';
import { World } from './world.ts';

const hostile = {
  'ends-lists': { annotations: { 'k8s.io/initial-events-end': 'true', 'k8s.io/initial-events-list-blueprint': 'x' } },
  [`long-${'x'.repeat(240)}`]: {},
  large: { annotations: { 'example.com/large': 'ö'.repeat(50_000) } },
  labelled: { labels: { 'k8s.io/initial-events-end': 'true' } },
} as const;

it('an object with hostile annotations, labels, names or sizes keeps no other one from being seen, from the first list on', async () => {
  await using world = await World.start();
  world.logOnFailure();
  const { johnDoe, companyAdmin } = world.acronis.cast;
  await world.upsell('john', { userID: johnDoe });
  await world.untilReason('john', 'BuyerAssigned');
  for (const [name, metadata] of Object.entries(hostile)) {
    await world.apply({
      apiVersion: 'upsell.acronis.com/v1alpha1',
      kind: 'TenantUserUpsell',
      metadata: { name, ...metadata },
      spec: { userID: johnDoe, suspend: true },
    });
  }
  // A later one in the alphabet: an initial list that ended early would not have it.
  await world.upsell('zoe', { userID: companyAdmin });
  await world.untilReason('zoe', 'BuyerAssigned');

  await world.restart('SIGTERM');
  const page = await (await fetch(world.operator.metrics)).text();
  const counted = [...page.matchAll(/^acronis_upsell_objects\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(2 + Object.keys(hostile).length);
  await world.ok('delete', 'tuu', 'zoe');
  await world.upsell('zoe-again', { userID: companyAdmin });
  await world.untilReason('zoe-again', 'BuyerAssigned');
});
