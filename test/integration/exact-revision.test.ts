/** Revisions beyond what a double holds, through the real API server: none loses a digit. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../sandbox/until.ts';
import { World } from './world.ts';

const userId = '77777777-7777-4777-8777-777777777778';
let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.logOnFailure());

it('a revision up to int64 is read, sent and reported exactly, and a resync changes nothing', async () => {
  const { tenant } = world.user(world.acronis.cast.johnDoe);
  const version = 9_223_372_036_854_775_806n;
  world.acronis.directory.add({ id: userId, login: 'max.rev', tenant, firstname: 'Max', lastname: 'Rev', version });
  await world.upsell('max', { userID: userId });
  const observed = () => world.ok('get', 'tuu', 'max', '-o', 'jsonpath={.status.observedVersion}');
  await until('the status', observed, (text) => text === '9223372036854775807');
  expect(world.user(userId)).toMatchObject({ version: 9_223_372_036_854_775_807n, businessTypes: ['buyer'] });

  const resourceVersion = () => world.ok('get', 'tuu', 'max', '-o', 'jsonpath={.metadata.resourceVersion}');
  const before = await resourceVersion();
  await world.afterResync();
  expect(await resourceVersion()).toBe(before);
  expect(world.puts(userId)).toBe(1);
});
