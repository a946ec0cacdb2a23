import { beforeEach, describe, expect, it } from 'vitest';
import type { BackoffPolicy } from '../../../../src/base/backoff.ts';
import { WorkQueue } from '../../../../src/runtime/workqueue/queue.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedQueueMetrics } from '../recording.ts';

const policy: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 5_000, jitter: 0 };

let clock: ManualClock;
let metrics: RecordedQueueMetrics;
let queue: WorkQueue;

beforeEach(() => {
  clock = new ManualClock();
  metrics = new RecordedQueueMetrics();
  queue = new WorkQueue({ clock, random: () => 0, metrics, maxInFlight: 1_000 });
});

/** Takes what is ready, without giving it back. */
function takeAll(): string[] {
  const taken: string[] = [];
  for (let work = queue.take(); work !== undefined; work = queue.take()) taken.push(work.key);
  return taken;
}

describe('the work queue', () => {
  it('hands keys out in the order they came in', async () => {
    for (const key of ['c', 'a', 'b']) queue.add(key, 'change');
    expect(takeAll()).toEqual(['c', 'a', 'b']);
  });

  it('merges adds of a key that waits', async () => {
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key, 'change');
    expect(queue.depth).toBe(2);
    expect(takeAll()).toEqual(['a', 'b']);
  });

  it('hands a key out once at a time, and again afterwards if it was added meanwhile', async () => {
    queue.add('a', 'change');
    queue.take();
    queue.add('a', 'resync');
    queue.add('a', 'change');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(queue.take()).toEqual({ key: 'a', priority: 'change' });
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  it('lets its listener know once, in a microtask, for all that is added in one go', async () => {
    let calls = 0;
    queue.onReady(() => calls++);
    for (const key of ['a', 'b', 'c']) queue.add(key, 'change');
    expect(calls).toBe(0);
    await settle();
    expect(calls).toBe(1);
    takeAll();
    queue.add('a', 'change');
    await settle();
    expect(calls, 'nothing is ready while it is in flight').toBe(1);
    queue.done('a');
    await settle();
    expect(calls).toBe(2);
  });

  it('takes changes before retries before resyncs', async () => {
    queue.add('resync', 'resync');
    queue.add('retry', 'retry');
    queue.add('change', 'change');
    expect(takeAll()).toEqual(['change', 'retry', 'resync']);
  });

  it('keeps the highest priority when adds are merged, and never lowers it', async () => {
    queue.add('a', 'resync');
    queue.add('b', 'retry');
    queue.add('a', 'change');
    queue.add('a', 'resync');
    expect(queue.take()).toEqual({ key: 'a', priority: 'change' });
  });

  it('starves none: under a flood of changes a retry and a resync get through within sixteen turns', async () => {
    queue.add('the resync', 'resync');
    queue.add('the retry', 'retry');
    for (let i = 0; i < 100; i++) queue.add(`change ${i}`, 'change');
    const taken = takeAll();
    expect(taken.indexOf('the retry')).toBe(7);
    expect(taken.indexOf('the resync')).toBe(15);
  });

  it('gives the changes at least seven of eight turns', async () => {
    for (let i = 0; i < 320; i++)
      for (const priority of ['change', 'retry', 'resync'] as const) queue.add(`${priority} ${i}`, priority);
    const taken = takeAll().slice(0, 160);
    expect(taken.filter((key) => key.startsWith('change'))).toHaveLength(140);
    expect(taken.filter((key) => key.startsWith('retry'))).toHaveLength(10);
    expect(taken.filter((key) => key.startsWith('resync'))).toHaveLength(10);
  });

  it('forgets what it knew of keys it is done with', async () => {
    queue.add('a', 'change');
    queue.take();
    queue.retry('a', policy);
    queue.done('a');
    expect(queue.failures('a')).toBe(1);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
    await clock.advance(1_000);
    expect(queue.take()?.priority).toBe('retry');
  });

  it('ignores a done for a key that is not in flight', () => {
    queue.add('a', 'change');
    queue.done('a');
    queue.done('b');
    expect(takeAll()).toEqual(['a']);
  });
});

describe('what waits for its time in the work queue', () => {
  it('comes out when it is due, in the order it is due', async () => {
    queue.addAfter('late', 3_000, 'change');
    queue.addAfter('early', 1_000, 'change');
    queue.addAfter('middle', 2_000, 'change');
    expect(queue.delayed).toBe(3);
    await clock.advance(999);
    expect(queue.depth).toBe(0);
    await clock.advance(1);
    expect(takeAll()).toEqual(['early']);
    await clock.advance(2_000);
    expect(takeAll()).toEqual(['middle', 'late']);
  });

  it('keeps the earliest of several times, and the highest of several priorities', async () => {
    queue.addAfter('a', 5_000, 'resync');
    queue.addAfter('a', 1_000, 'retry');
    queue.addAfter('a', 9_000, 'change');
    await clock.advance(1_000);
    expect(queue.take()).toEqual({ key: 'a', priority: 'change' });
    queue.done('a');
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
  });

  it('comes out immediately when it is added, and then not again at the later time', async () => {
    queue.addAfter('a', 5_000, 'resync');
    queue.add('a', 'change');
    expect(takeAll()).toEqual(['a']);
    queue.done('a');
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('may be asked for while the key is in flight, and is due then and not with done', async () => {
    queue.add('a', 'change');
    queue.take();
    queue.addAfter('a', 1_000, 'resync');
    queue.done('a');
    expect(queue.depth).toBe(0);
    await clock.advance(1_000);
    expect(takeAll()).toEqual(['a']);
  });

  it('waits until the key is given back when it becomes due while the key is in flight', async () => {
    queue.add('a', 'change');
    queue.take();
    queue.addAfter('a', 1_000, 'resync');
    await clock.advance(5_000);
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(queue.take()).toEqual({ key: 'a', priority: 'resync' });
  });

  it('does not keep a ready key waiting behind less urgent ones', async () => {
    queue.add('a', 'resync');
    queue.add('b', 'retry');
    queue.addAfter('a', 1_000, 'change');
    expect(takeAll()).toEqual(['a', 'b']);
  });

  it('is one timer, however many keys wait', () => {
    for (let i = 0; i < 1_000; i++) queue.addAfter(`key ${i}`, 1_000 + i, 'resync');
    expect(clock.timers).toBe(1);
  });

  it('is not lost when it is due later than a timer can be set for', async () => {
    queue.addAfter('a', 40 * 24 * 3_600_000, 'resync');
    expect(clock.nextIn).toBe(2 ** 31 - 1);
    await clock.advance(40 * 24 * 3_600_000);
    expect(queue.depth).toBe(1);
  });

  it('counts nonsense as now', async () => {
    queue.addAfter('a', -1, 'change');
    queue.addAfter('b', Number.NaN, 'change');
    expect(takeAll()).toEqual(['a', 'b']);
  });
});

describe('a retry in the work queue', () => {
  const fail = async (atLeastMs?: number) => {
    const delay = queue.retry('a', policy, atLeastMs);
    await clock.advance(delay);
    queue.take();
    queue.done('a');
    return delay;
  };

  it('waits longer each time, up to the ceiling, until the key is forgotten', async () => {
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) delays.push(await fail());
    expect(delays).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(queue.failures('a')).toBe(5);
    queue.forget('a');
    expect(await fail()).toBe(1_000);
    expect(metrics.retries).toBe(6);
  });

  it('never comes before the time asked for', async () => {
    expect(await fail(30_000)).toBe(30_000);
    expect(await fail(10)).toBe(2_000);
  });

  it('spreads those that were all given the same time', () => {
    const spread = new WorkQueue({ clock, random: () => 0.5, metrics, maxInFlight: 1 });
    expect(spread.retry('a', policy, 30_000)).toBeCloseTo(31_500);
  });

  it('starts at the base of its own policy, however often the key failed under another one', async () => {
    const slowly: BackoffPolicy = { baseMs: 30_000, factor: 2, ceilingMs: 900_000, jitter: 0 };
    for (let n = 0; n < 8; n++) queue.retry('a', slowly);
    expect(queue.retry('a', policy)).toBe(1_000);
    expect(queue.retry('a', slowly), 'and the other one goes on where it was').toBe(900_000);
  });

  it('keeps to the rate of its own flow, whatever fails in others', () => {
    const limited = new WorkQueue({
      clock,
      random: () => 0,
      metrics,
      maxInFlight: 1,
      flowOf: (key) => key.charAt(0),
      retryRate: { perSecond: 0.5, burst: 1 },
    });
    expect(['a1', 'a2', 'a3'].map((key) => limited.retry(key, policy))).toEqual([1_000, 2_000, 4_000]);
    for (let n = 0; n < 10_000; n++) limited.retry(`a${n}`, policy);
    expect(limited.retry('b1', policy), 'a first retry of another flow').toBe(1_000);
  });
});

describe('the end of the work queue', () => {
  it('hands out what is ready, drops what waits for its time, and takes nothing more', async () => {
    queue.add('ready', 'change');
    queue.addAfter('delayed', 1_000, 'change');
    queue.shutDown();
    queue.add('too late', 'change');
    queue.addAfter('too late', 10, 'change');
    expect(queue.take()?.key).toBe('ready');
    expect(queue.take()).toBeUndefined();
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('still hands out what was changed while it was in flight', async () => {
    queue.add('a', 'change');
    queue.take();
    queue.add('a', 'change');
    queue.shutDown();
    queue.done('a');
    expect(queue.take()?.key).toBe('a');
  });
});

describe('the metrics of the work queue', () => {
  it('say how long keys waited and were in flight', async () => {
    queue.add('a', 'change');
    expect(metrics.lastDepth).toBe(1);
    await clock.advance(2_000);
    queue.take();
    expect(metrics.lastDepth).toBe(0);
    await clock.advance(3_000);
    queue.done('a');
    expect(metrics.waits).toEqual([2]);
    expect(metrics.works).toEqual([3]);
    expect(metrics.adds).toBe(1);
  });
});

describe('a hundred thousand keys', () => {
  it('go through the queue quickly, in every way there is', async () => {
    const startedAt = performance.now();
    for (let i = 0; i < 100_000; i++) queue.addAfter(`ns/object-${i}`, 1_000 + ((i * 7_919) % 100_000), 'resync');
    for (let i = 0; i < 100_000; i += 2) queue.add(`ns/object-${i}`, 'change');
    for (let i = 0; i < 100_000; i += 4) queue.add(`ns/object-${i}`, 'resync');
    await clock.stall(200_000);
    expect(queue.depth).toBe(100_000);
    let taken = 0;
    for (let work = queue.take(); work !== undefined; work = queue.take()) {
      queue.done(work.key);
      taken += 1;
    }
    expect(taken).toBe(100_000);
    // A tenth of a second here; anything quadratic takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
