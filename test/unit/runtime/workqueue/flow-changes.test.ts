import { expect, test } from 'vitest';
import { WorkQueue } from '../../../../src/runtime/workqueue/queue.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { RecordedQueueMetrics } from '../recording.ts';

/** A queue whose keys, all from one Secret that was not read yet, wait before it is known whose they are. */
function waiting(keys: readonly string[]) {
  let account: string | undefined;
  const queue = new WorkQueue({
    clock: new ManualClock(),
    random: () => 0,
    metrics: new RecordedQueueMetrics(),
    maxInFlight: 4,
    flowOf: (key) => (key.startsWith('other') ? 'other' : (account ?? 'team/secret')),
    room: (flow) => (flow === 'account' ? 1 : Number.POSITIVE_INFINITY),
  });
  for (const key of keys) queue.add(key, 'change');
  const take = () => queue.take()?.key;
  const learn = () => {
    account = 'account';
  };
  return { queue, take, learn };
}

test('keys that waited before it was known whose they are keep to the room of their account', () => {
  const { queue, take, learn } = waiting(['a', 'b', 'c', 'd', 'other']);
  expect(take()).toBe('a');
  learn();
  const taken = [take(), take(), take(), take()].filter((key) => key !== undefined);
  expect(taken).toHaveLength(2);
  expect(taken).toContain('other');
  expect(queue.depth).toBe(2);
});

test('none of them is lost, and each is handed out once, in order', () => {
  const keys = Array.from({ length: 50 }, (_, n) => `k${n}`);
  const { queue, take, learn } = waiting(keys);
  const order: string[] = [];
  const inFlight: string[] = [];
  for (let turn = 0; turn < 200; turn++) {
    if (turn === 10) learn();
    for (let key = take(); key !== undefined; key = take()) {
      order.push(key);
      inFlight.push(key);
    }
    const first = inFlight.shift();
    if (first !== undefined) queue.done(first);
  }
  expect(order).toEqual(keys);
  expect(queue.depth).toBe(0);
  expect(inFlight).toEqual([]);
});

test('room that shrinks lets those in flight end first, and room that grows again is used with the next one that ends', () => {
  let room = 3;
  const queue = new WorkQueue({
    clock: new ManualClock(),
    random: () => 0,
    metrics: new RecordedQueueMetrics(),
    maxInFlight: 4,
    room: () => room,
  });
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(key, 'change');
  const takeAll = () => {
    const taken: string[] = [];
    for (let work = queue.take(); work !== undefined; work = queue.take()) taken.push(work.key);
    return taken;
  };
  expect(takeAll()).toEqual(['a', 'b', 'c']);
  room = 1;
  queue.done('a');
  queue.done('b');
  expect(takeAll()).toEqual([]);
  queue.done('c');
  expect(takeAll()).toEqual(['d']);
  room = 2;
  queue.done('d');
  expect(takeAll()).toEqual(['e', 'f']);
});
