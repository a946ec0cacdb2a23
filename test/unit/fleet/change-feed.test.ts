import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { driftListener } from '../../../src/controllers/upsell/triggers/drift.ts';
import type { Account } from '../../../src/fleet/accounts/accounts.ts';
import { type ChangeBus, createChangeBus } from '../../../src/fleet/change-feed.ts';
import { WorkQueue } from '../../../src/runtime/workqueue/queue.ts';
import { quietMetrics } from '../../support/quiet.ts';
import { answered, otherUserId, userId } from '../controllers/upsell/fake-acronis.ts';
import { createWorld, ownValues, type World } from '../controllers/upsell/world.ts';

const minute = 60_000;
let world: World;
let queued: string[];
let drifted: number;
let ages: number[];
let stop: AbortController;
let ended: Promise<void>;
let bus: ChangeBus;
let accounts: (signal: AbortSignal) => Promise<readonly Account[]>;

const accountOf = (clientId = 'a') =>
  world.context.accounts.of({ url: `${ownValues.url}/api/2`, clientId, clientSecret: 'secret' });

beforeEach(() => {
  world = createWorld();
  queued = [];
  drifted = 0;
  ages = [];
  stop = new AbortController();
  const account = accountOf();
  accounts = async () => [account];
});
const start = () => {
  const { fleet, clock, log } = world;
  const metrics = {
    ...quietMetrics.upsell,
    driftFound: (count: number) => {
      drifted += count;
    },
  };
  const queue = { add: (key: string, priority: string) => queued.push(`${key} ${priority}`) };
  bus = createChangeBus({
    accounts: (signal) => accounts(signal),
    fleetSize: () => fleet.size,
    intervalMs: minute,
    clock,
    log,
    metrics: { feedAge: (seconds) => ages.push(seconds) },
  });
  bus.subscribe(driftListener({ fleet, queue, metrics }));
  ended = bus.run(stop.signal);
  onTestFinished(async () => {
    stop.abort(new Error('stop'));
    await ended;
  });
};
const lines = () => world.log.lines.filter(({ message }) => message.startsWith('the change feed'));

describe('a user that another writer changed', () => {
  it('is reconciled, within the interval and behind what people do', async () => {
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    start();
    user.version++;
    world.acronis.changed = [userId];
    await world.clock.advance(minute);
    expect(queued).toEqual([`${key} retry`]);
    expect(drifted).toBe(1);
  });

  it('by this operator itself costs nothing', async () => {
    world.acronis.add({ id: userId });
    await world.reconcile(world.cluster.create({ userID: userId }));
    start();
    world.acronis.changed = [userId];
    await world.clock.advance(5 * minute);
    expect(world.acronis.count('changes')).toBe(5);
    expect([queued, drifted]).toEqual([[], 0]);
  });

  it('and that no object here names costs nothing', async () => {
    world.acronis.add({ id: otherUserId });
    world.cluster.create({ userID: userId });
    start();
    world.acronis.changed = [otherUserId];
    await world.clock.advance(minute);
    expect(queued).toEqual([]);
  });

  it('is counted once, however many objects name it and however often the feed shows it', async () => {
    const user = world.acronis.add({ id: userId });
    for (const name of ['one', 'two']) await world.reconcile(world.cluster.create({ userID: userId }, { name }));
    start();
    user.version++;
    world.acronis.changed = [userId];
    await world.clock.advance(5 * minute);
    expect(drifted).toBe(1);
  });

  it('is no drift for an object that is suspended', async () => {
    const user = world.acronis.add({ id: userId });
    world.cluster.create({ userID: userId, suspend: true });
    start();
    user.version++;
    world.acronis.changed = [userId];
    await world.clock.advance(minute);
    expect([queued, drifted]).toEqual([[], 0]);
  });

  it('is reconciled within the interval when it was deleted', async () => {
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    start();
    Object.assign(user, { deleted_at: '2026-01-02T03:00:00' });
    world.acronis.changed = [userId];
    await world.clock.advance(minute);
    expect(queued).toEqual([`${key} retry`]);
  });

  it('is delivered to every subscriber', async () => {
    world.acronis.add({ id: otherUserId });
    start();
    const heard: string[] = [];
    const end = bus.subscribe((account, changes) => void heard.push(...changes.map(({ id }) => `${account.id} ${id}`)));
    world.acronis.changed = [otherUserId];
    await world.clock.advance(minute);
    end();
    world.acronis.changed = [];
    await world.clock.advance(minute);
    expect(heard).toEqual([`${accountOf().id} ${otherUserId}`]);
    expect(bus.states()).toEqual(new Map([[accountOf().id, { kind: 'following' }]]));
  });

  it('is reconciled for each object that names it', async () => {
    world.acronis.add({ id: userId });
    world.cluster.create({ userID: userId }, { name: 'one' });
    world.cluster.create({ userID: userId }, { name: 'two' });
    start();
    world.acronis.changed = [userId];
    await world.clock.advance(minute);
    expect(queued.sort()).toEqual(['customers/one retry', 'customers/two retry']);
  });
});

describe('a feed that does not respond', () => {
  const refuse = () =>
    world.acronis.always('changes', () => {
      throw answered(403);
    });

  it('is said once, and so is its recovery', async () => {
    refuse();
    start();
    await world.clock.advance(5 * minute);
    expect(lines().map(({ level }) => level)).toEqual(['warn']);
    expect(lines()[0]?.message).toContain('--resync-interval');
    world.acronis.always('changes', undefined);
    await world.clock.advance(2 * minute);
    expect(lines().map(({ level }) => level)).toEqual(['warn', 'info']);
    refuse();
    await world.clock.advance(minute);
    expect(lines().map(({ level }) => level)).toEqual(['warn', 'info', 'warn']);
  });

  it('has a server whose clock is ahead of ours: that is said once, and what changes is seen all the same', async () => {
    const ahead = new Date(world.clock.wall() + 10 * minute).toISOString();
    const user = world.acronis.add({ id: userId });
    const key = world.cluster.create({ userID: userId });
    await world.reconcile(key);
    world.acronis.always('changes', async () => {
      const items = user.version === 1 ? [] : [{ ...user, updated_at: new Date(world.clock.wall()).toISOString() }];
      return { timestamp: ahead, items };
    });
    start();
    await world.clock.advance(2 * minute);
    user.version++;
    await world.clock.advance(2 * minute);
    expect(queued).toEqual([`${key} retry`]);
    const said = world.log.lines.filter(({ message }) => message.includes('clock is ahead'));
    expect(said.map(({ level }) => level)).toEqual(['warn']);
  });

  it('holds up no other account', async () => {
    const slow = accountOf('slow');
    const well = accountOf('well');
    accounts = async () => [slow, well];
    const hang = Promise.withResolvers<unknown>();
    let hung = 0;
    world.acronis.always('changes', (apply) => {
      if (hung++ > 0) return apply();
      return hang.promise;
    });
    world.acronis.add({ id: userId });
    world.cluster.create({ userID: userId });
    world.acronis.changed = [userId];
    start();
    await world.clock.advance(3 * minute);
    expect(queued, 'once for each change').toHaveLength(1);
    expect(hung, 'the slow one is not asked again while it is asked').toBe(4);
    hang.resolve({ items: [] });
    await world.clock.advance(minute);
    expect(hung).toBe(6);
  });
});

it('the age of a feed grows with each poll that does not read it to the end, and is an interval once it is followed', async () => {
  let isWell = true;
  const account = accountOf();
  const feed: Account['changes'] = {
    state: { kind: 'pending' },
    aheadMs: undefined,
    async *poll() {
      if (!isWell) throw answered(503);
      yield [];
      return { kind: 'complete' };
    },
  };
  accounts = async () => [{ ...account, changes: feed }];
  start();
  await world.clock.advance(3 * minute);
  expect(ages).toEqual([60, 60]);
  isWell = false;
  await world.clock.advance(4 * minute);
  isWell = true;
  await world.clock.advance(2 * minute);
  // The first failing poll is as old as the last good one: an interval.
  expect(ages.slice(2)).toEqual([60, 120, 180, 240, 300, 60]);
});

it('the age of a feed that never responded counts from when its account was used first', async () => {
  world.acronis.always('changes', () => {
    throw answered(403);
  });
  start();
  await world.clock.advance(4 * minute);
  expect(ages).toEqual([60, 120, 180]);
});

it('accounts that cannot be found out just now are asked for again the next time', async () => {
  const account = accountOf();
  let asked = 0;
  accounts = async () => {
    if (asked++ === 0) throw new Error('the API server is away');
    return [account];
  };
  start();
  await world.clock.advance(2 * minute);
  expect(world.acronis.count('changes')).toBe(1);
});

it('ends when it is stopped, in the middle of a page too, and says nothing of it', async () => {
  world.acronis.always('changes', () => new Promise(() => {}));
  start();
  await world.clock.advance(minute);
  expect(world.acronis.count('changes')).toBe(1);
  stop.abort(new Error('stop'));
  await ended;
  expect(lines()).toEqual([]);
  expect(world.clock.timers).toBe(0);
});

it('what it finds merges with what waits in the real queue already', async () => {
  world.acronis.add({ id: userId });
  const key = world.cluster.create({ userID: userId });
  const { clock, fleet, log } = world;
  const queue = new WorkQueue({ clock, random: () => 0.5, metrics: quietMetrics.queue, maxInFlight: 4 });
  queue.add(key, 'change');
  world.acronis.changed = [userId];
  bus = createChangeBus({
    accounts: (signal) => accounts(signal),
    fleetSize: () => fleet.size,
    intervalMs: minute,
    clock,
    log,
    metrics: { feedAge: (seconds) => ages.push(seconds) },
  });
  bus.subscribe(driftListener({ fleet, queue, metrics: quietMetrics.upsell }));
  ended = bus.run(stop.signal);
  onTestFinished(async () => {
    stop.abort(new Error('stop'));
    await ended;
  });
  await clock.advance(3 * minute);
  expect(queue.depth).toBe(1);
  expect(queue.take()?.priority).toBe('change');
});
