/** Two policies that match the same users, on the real API server: the older one takes them at its own pace, and none is without an object for long. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

const agedSchema = z.object({ metadata: z.object({ creationTimestamp: z.string() }) });

let world: World;
beforeAll(async () => {
  world = await World.start({ sandbox: { users: 40 } });
});
afterAll(() => world[Symbol.asyncDispose]());

const policy = (name: string, spec: object): object => ({
  apiVersion: 'upsell.acronis.com/v1alpha1',
  kind: 'TenantUpsellPolicy',
  metadata: { name },
  spec: { tenantID: world.acronis.cast.tenants.partner, ...spec },
});
const namesOf = async (...which: readonly string[]): Promise<readonly string[]> =>
  (await world.ok('get', 'tuu', ...which, '-o', 'name')).split('\n').filter((line) => line !== '');
const childrenOf = (name: string) => namesOf('-l', `upsell.acronis.com/policy=${name}`);
const reasonOf = (name: string) =>
  world.ok('get', 'tup', name, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}');

it("an older policy that begins to match a younger one's users takes as many as its hour has, and the others keep their children", async () => {
  world.logOnFailure();
  await world.apply(policy('older', { suspend: true }));
  await until(
    'it is suspended',
    () => reasonOf('older'),
    (reason) => reason === 'Suspended',
    { withinMs: 30_000 },
  );
  // The age of a policy has whole seconds.
  const { creationTimestamp } = agedSchema.parse(
    JSON.parse(await world.ok('get', 'tup', 'older', '-o', 'json')),
  ).metadata;
  await until(
    'a second is over',
    () => Date.now(),
    (now) => now - Date.parse(creationTimestamp) > 2_000,
  );
  await world.apply(policy('younger', {}));
  await until(
    'the younger one has its children',
    () => reasonOf('younger'),
    (reason) => reason === 'Applied',
    { withinMs: 45_000 },
  );
  const all = await childrenOf('younger');
  expect(all.length).toBeGreaterThan(3);

  let fewest = all.length;
  await world.apply(policy('older', { limits: { maxNewPerHour: 2 } }));
  await until(
    'the older one has two',
    async () => {
      fewest = Math.min(fewest, (await namesOf()).length);
      return await childrenOf('older');
    },
    (taken) => taken.length === 2,
    { withinMs: 45_000 },
  );
  expect(fewest).toBeGreaterThanOrEqual(all.length - 2);
  await until(
    'the older one waits for its hour',
    () => reasonOf('older'),
    (reason) => reason === 'Progressing',
    { withinMs: 30_000 },
  );
  expect(await childrenOf('younger')).toHaveLength(all.length - 2);

  await world.apply(policy('older', { limits: { maxNewPerHour: 0 } }));
  await until(
    'the older one has all',
    () => childrenOf('older'),
    (taken) => taken.length === all.length,
    { withinMs: 45_000 },
  );
  expect(await childrenOf('younger')).toEqual([]);
  await until(
    'the younger one leaves them to it',
    () => reasonOf('younger'),
    (reason) => reason === 'Applied',
    { withinMs: 30_000 },
  );
});
