import { beforeEach, describe, expect, it } from 'vitest';
import { type EditTimes, timeEdits } from '../../../../../src/controllers/upsell/report/edit-times.ts';
import { answered, otherUserId, userId } from '../fake-acronis.ts';
import { createWorld, type World } from '../world.ts';

let world: World;
let times: EditTimes;
beforeEach(() => {
  world = createWorld();
  times = timeEdits({ ...world, metrics: world.context.metrics });
  world.acronis.add({ id: userId });
});
const second = 1_000;
/** In whole seconds: reads that are batched wait for some milliseconds. */
const took = () => world.took.edit.map(Math.round);

describe('an edit', () => {
  beforeEach(() => times.count());

  it('takes from the watch event that brings it to the one that shows it Ready, a new object like a changed one', async () => {
    const key = world.cluster.create({ userID: userId });
    await world.clock.advance(3 * second);
    await world.reconcile(key);
    expect(took()).toEqual([3]);
    world.cluster.edit(key, { deletionPolicy: 'Revoke' });
    await world.clock.advance(2 * second);
    await world.reconcile(key);
    expect(took()).toEqual([3, 2]);
    expect(times.pending).toBe(0);
  });

  it('counts from the last one where several follow one another', async () => {
    const key = world.cluster.create({ userID: userId });
    await world.clock.advance(10 * second);
    world.cluster.edit(key, { deletionPolicy: 'Revoke' });
    await world.clock.advance(second);
    await world.reconcile(key);
    expect(took()).toEqual([1]);
  });

  it('goes on while a reason passes by itself', async () => {
    world.acronis.next('get', () => {
      throw answered(503);
    });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe('Unavailable');
    await world.clock.advance(60 * second);
    await world.reconcile(key);
    expect(took()).toHaveLength(1);
    expect(took()[0]).toBeGreaterThanOrEqual(60);
  });

  it.each([
    ['waits for a person', { userID: otherUserId }, 'UserNotFound'],
    ['is suspended', { userID: userId, suspend: true }, 'Suspended'],
    ['only observes', { userID: userId, managementPolicy: 'Observe' }, 'NotAssigned'],
  ])('that %s does not count, whatever it becomes later', async (_what, spec, reason) => {
    const key = world.cluster.create(spec);
    await world.reconcile(key);
    expect(world.cluster.reason(key)).toBe(reason);
    expect(times.pending).toBe(0);
    world.acronis.add({ id: otherUserId });
    await world.clock.advance(3_600 * second);
    if (reason === 'UserNotFound') {
      await world.reconcile(key);
      expect(world.cluster.reason(key)).toBe('BuyerAssigned');
    }
    expect(took()).toEqual([]);
  });

  it('is forgotten with its object, and no edit is a failure without one', async () => {
    const key = world.cluster.create({ userID: userId });
    world.cluster.delete(key);
    expect(times.pending).toBe(0);
    const other = world.cluster.create({ userID: userId }, { name: 'other' });
    await world.reconcile(other);
    world.cluster.setStatus(other, { conditions: [] });
    expect(times.pending).toBe(0);
  });
});

it('a replica that waits for the lease notes edits and counts none, and after a change of leader their time does not begin again', async () => {
  const done = world.cluster.create({ userID: userId });
  await world.reconcile(done);
  expect([took(), times.pending]).toEqual([[], 0]);
  const key = world.cluster.create({ userID: otherUserId }, { name: 'second' });
  world.acronis.add({ id: otherUserId });
  await world.clock.advance(20 * second);
  times.count();
  await world.clock.advance(second);
  await world.reconcile(key);
  expect(took()).toEqual([21]);
});
