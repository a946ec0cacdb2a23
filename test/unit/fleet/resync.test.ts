import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createFleet, type Fleet } from '../../../src/fleet/cache/objects.ts';
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

it('every object has its turn once per interval, in slices spread evenly over it', async () => {
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

it('a round is over when the last object had its turn', async () => {
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

it('an object that goes meanwhile is left out, and one that comes has its turn at the end of this round', async () => {
  create(150);
  start();
  await clock.advance(hour / 2);
  for (let at = 100; at < 150; at++) cluster.delete(`customers/x-${at}`);
  create(10, 'late');
  await clock.advance(hour / 2);
  expect(added).toHaveLength(110);
  expect(keys().filter((key) => key.includes('late'))).toHaveLength(10);
});

it('each object has its turn within an interval, whenever it came', async () => {
  create(1_000);
  start();
  const due = new Map<string, number>();
  for (let at = 0; at < 50; at++) {
    await clock.advance(hour / 25);
    const name = `late-${at}`;
    cluster.create({ userID: userId }, { name });
    due.set(`customers/${name}`, clock.now() + hour);
  }
  await clock.advance(hour);
  for (const [key, at] of due) {
    const turn = added.find((each) => each.key === key)?.at;
    expect(turn, key).toBeLessThanOrEqual(at * 1.02);
  }
});

it('a fleet that fills during a long pause has its turn at the end of it', async () => {
  create(1);
  start();
  await clock.advance(1_000);
  create(1_000, 'late');
  await clock.advance(hour);
  expect(new Set(keys()).size).toBe(1_001);
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

it('ends when it is stopped, leaving no timer', async () => {
  create(3);
  start();
  await clock.advance(1_000);
  stop.abort(new Error('stop'));
  await ended;
  expect(clock.timers).toBe(0);
  expect(added).toEqual([]);
});
