import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createFleet, type Fleet } from '../../../src/fleet/objects.ts';
import { runResync } from '../../../src/fleet/resync.ts';
import type { Priority } from '../../../src/runtime/workqueue/queue.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { quietLog } from '../../support/quiet.ts';
import { userId } from '../controllers/upsell/fake-acronis.ts';
import { FakeCluster } from '../controllers/upsell/fake-cluster.ts';

const hour = 3_600_000;
let fleet: Fleet;
let cluster: FakeCluster;
let clock: ManualClock;
let passes: number;
let added: { key: string; priority: Priority; at: number }[];
let stop: AbortController;
let ended: Promise<void>;

beforeEach(() => {
  fleet = createFleet(quietLog);
  cluster = new FakeCluster(fleet);
  clock = new ManualClock();
  added = [];
  passes = 0;
  stop = new AbortController();
});
const create = (count: number, prefix = 'x') => {
  for (let at = 0; at < count; at++) cluster.create({ userID: userId }, { name: `${prefix}-${at}` });
};
const start = (intervalMs = hour) => {
  const queue = { add: (key: string, priority: Priority) => added.push({ key, priority, at: clock.now() }) };
  const metrics = {
    resyncDone: () => {
      passes++;
    },
  };
  ended = runResync({ fleet, queue, intervalMs, clock, metrics }, stop.signal);
  onTestFinished(async () => {
    stop.abort(new Error('stop'));
    await ended;
  });
};
const keys = () => added.map(({ key }) => key);

it('every object is looked at once per interval, in slices spread evenly over it', async () => {
  create(250);
  start();
  await clock.advance(hour);
  expect(new Set(keys()).size).toBe(250);
  expect(added).toHaveLength(250);
  expect([...new Set(added.map(({ at }) => at))]).toEqual([hour / 3, (2 * hour) / 3, hour]);
  expect(new Set(added.map(({ priority }) => priority))).toEqual(new Set(['resync']));
  await clock.advance(hour);
  expect(added).toHaveLength(500);
});

it('a pass is done when the last object had its turn', async () => {
  create(250);
  start();
  await clock.advance(hour - 1);
  expect(passes).toBe(0);
  await clock.advance(1);
  expect(passes).toBe(1);
  await clock.advance(hour);
  expect(passes).toBe(2);
});

it('no slice is larger than one read takes', async () => {
  create(1_000);
  start();
  await clock.advance(hour);
  for (const [, slice] of Map.groupBy(added, ({ at }) => at)) expect(slice).toHaveLength(100);
});

it('an object that goes meanwhile is left out, and one that comes is in the next pass', async () => {
  create(150);
  start();
  await clock.advance(hour / 2);
  for (let at = 100; at < 150; at++) cluster.delete(`customers/x-${at}`);
  create(10, 'late');
  await clock.advance(hour / 2);
  expect(added).toHaveLength(100);
  await clock.advance(hour);
  expect(keys().filter((key) => key.includes('late'))).toHaveLength(10);
});

it('a fleet that was empty is seen soon after it fills, and an empty one costs nothing', async () => {
  start();
  await clock.advance(5 * hour);
  expect(added).toEqual([]);
  expect(clock.timers).toBe(1);
  create(3);
  await clock.advance(hour + 60_000);
  expect(added).toHaveLength(3);
});

it('ends when told to, leaving no timer', async () => {
  create(3);
  start();
  await clock.advance(1_000);
  stop.abort(new Error('stop'));
  await ended;
  expect(clock.timers).toBe(0);
  expect(added).toEqual([]);
});
