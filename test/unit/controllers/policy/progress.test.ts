/** For how long a policy does nothing that has something to do. */
import { beforeEach, expect, it } from 'vitest';
import { noProgressSince } from '../../../../src/controllers/policy/metrics.ts';
import { PolicyWorld, userOf, users } from './world.ts';

let world: PolicyWorld;
beforeEach(() => {
  world = new PolicyWorld();
});

const since = () => noProgressSince(world.policies, world.memories);
const hourMs = 3_600_000;

it('a policy that is applied or suspended has nothing to do', async () => {
  world.listed = users(2);
  world.policy('admins');
  await world.settle();
  expect(since()).toBeUndefined();
  world.policy('admins', { suspend: true });
  await world.settle();
  expect(since()).toBeUndefined();
});

it('one whose names are taken makes no progress since its last child was made', async () => {
  world.object('sales', `u-${userOf(1)}`, { userID: userOf(9) });
  world.listed = users(2);
  world.policy('admins');
  const began = world.clock.wall();
  await world.settle();
  for (let hour = 0; hour < 3; hour++) await world.nextPass();
  expect(world.ready('admins').reason).toBe('Progressing');
  expect(since()).toBeGreaterThanOrEqual(began);
  expect(world.clock.wall() - (since() ?? 0)).toBeGreaterThan(3 * hourMs);
});

it('one that waits for its hour makes progress every hour', async () => {
  world.listed = users(6);
  world.policy('admins', { limits: { maxNewPerHour: 1 } });
  await world.settle();
  for (let hour = 0; hour < 3; hour++) await world.nextPass();
  expect(world.ready('admins').reason).toBe('Progressing');
  expect(world.clock.wall() - (since() ?? 0)).toBeLessThan(hourMs);
});

it('one that no operator reconciles makes none since it was made', () => {
  world.policy('admins', {}, { creationTimestamp: new Date(world.clock.wall() - 5 * hourMs).toISOString() });
  expect(world.clock.wall() - (since() ?? 0)).toBe(5 * hourMs);
});
