import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BackoffPolicy } from '../../../../src/base/backoff.ts';
import { WorkQueue } from '../../../../src/runtime/workqueue/queue.ts';
import { RetryPace } from '../../../../src/runtime/workqueue/retry-limiter.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedQueueMetrics } from '../recording.ts';

const policy: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 5_000, jitter: 0 };

let clock: ManualClock;
let metrics: RecordedQueueMetrics;
let queue: WorkQueue;

beforeEach(() => {
  clock = new ManualClock();
  metrics = new RecordedQueueMetrics();
  queue = new WorkQueue({ clock, random: () => 0, metrics });
});

/** Takes what is ready, without giving it back. */
async function takeAll(): Promise<string[]> {
  const taken: string[] = [];
  while (queue.depth > 0) {
    const work = await queue.get();
    if (work !== undefined) taken.push(work.key);
  }
  return taken;
}

describe('the work queue', () => {
  it('hands keys out in the order they came in', async () => {
    for (const key of ['c', 'a', 'b']) queue.add(key, 'change');
    expect(await takeAll()).toEqual(['c', 'a', 'b']);
  });

  it('merges adds of a key that waits', async () => {
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key, 'change');
    expect(queue.depth).toBe(2);
    expect(await takeAll()).toEqual(['a', 'b']);
  });

  it('gives a key to nobody else while a worker has it, and hands it out again afterwards if it was added meanwhile', async () => {
    queue.add('a', 'change');
    await queue.get();
    queue.add('a', 'resync');
    queue.add('a', 'change');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await queue.get()).toEqual({ key: 'a', priority: 'change' });
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  it('gives work to the worker that came last, as soon as there is some', async () => {
    const got: string[] = [];
    for (const worker of ['first', 'second']) void queue.get().then((work) => got.push(`${worker} ${work?.key}`));
    queue.add('a', 'change');
    queue.add('b', 'change');
    await settle();
    expect(got).toEqual(['second a', 'first b']);
  });

  it('takes changes before retries before resyncs', async () => {
    queue.add('resync', 'resync');
    queue.add('retry', 'retry');
    queue.add('change', 'change');
    expect(await takeAll()).toEqual(['change', 'retry', 'resync']);
  });

  it('keeps the highest priority when adds are merged, and never lowers it', async () => {
    queue.add('a', 'resync');
    queue.add('b', 'retry');
    queue.add('a', 'change');
    queue.add('a', 'resync');
    expect(await queue.get()).toEqual({ key: 'a', priority: 'change' });
  });

  it('starves nobody: under a flood of changes a retry and a resync get through within sixteen turns', async () => {
    queue.add('the resync', 'resync');
    queue.add('the retry', 'retry');
    for (let i = 0; i < 100; i++) queue.add(`change ${i}`, 'change');
    const taken = await takeAll();
    expect(taken.indexOf('the retry')).toBe(7);
    expect(taken.indexOf('the resync')).toBe(15);
  });

  it('gives the changes at least seven of eight turns', async () => {
    for (let i = 0; i < 320; i++)
      for (const priority of ['change', 'retry', 'resync'] as const) queue.add(`${priority} ${i}`, priority);
    const taken = (await takeAll()).slice(0, 160);
    expect(taken.filter((key) => key.startsWith('change'))).toHaveLength(140);
    expect(taken.filter((key) => key.startsWith('retry'))).toHaveLength(10);
    expect(taken.filter((key) => key.startsWith('resync'))).toHaveLength(10);
  });

  it('forgets what it knew of keys it is done with', async () => {
    queue.add('a', 'change');
    await queue.get();
    queue.retry('a', policy);
    queue.done('a');
    expect(queue.failures('a')).toBe(1);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
    await clock.advance(1_000);
    expect((await queue.get())?.priority).toBe('retry');
  });

  it('ignores a done for a key that nobody has', async () => {
    queue.add('a', 'change');
    queue.done('a');
    queue.done('b');
    expect(await takeAll()).toEqual(['a']);
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
    expect(await takeAll()).toEqual(['early']);
    await clock.advance(2_000);
    expect(await takeAll()).toEqual(['middle', 'late']);
  });

  it('keeps the earliest of several times, and the highest of several priorities', async () => {
    queue.addAfter('a', 5_000, 'resync');
    queue.addAfter('a', 1_000, 'retry');
    queue.addAfter('a', 9_000, 'change');
    await clock.advance(1_000);
    expect(await queue.get()).toEqual({ key: 'a', priority: 'change' });
    queue.done('a');
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
  });

  it('comes out at once when it is added, and then not again at the later time', async () => {
    queue.addAfter('a', 5_000, 'resync');
    queue.add('a', 'change');
    expect(await takeAll()).toEqual(['a']);
    queue.done('a');
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('may be asked for while the key is worked on, and is due then and not with done', async () => {
    queue.add('a', 'change');
    await queue.get();
    queue.addAfter('a', 1_000, 'resync');
    queue.done('a');
    expect(queue.depth).toBe(0);
    await clock.advance(1_000);
    expect(await takeAll()).toEqual(['a']);
  });

  it('waits for the worker when it becomes due while the key is worked on', async () => {
    queue.add('a', 'change');
    await queue.get();
    queue.addAfter('a', 1_000, 'resync');
    await clock.advance(5_000);
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await queue.get()).toEqual({ key: 'a', priority: 'resync' });
  });

  it('does not keep a ready key waiting behind less urgent ones', async () => {
    queue.add('a', 'resync');
    queue.add('b', 'retry');
    queue.addAfter('a', 1_000, 'change');
    expect(await takeAll()).toEqual(['a', 'b']);
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
    expect(await takeAll()).toEqual(['a', 'b']);
  });
});

describe('a retry in the work queue', () => {
  const fail = async (atLeastMs?: number) => {
    const delay = queue.retry('a', policy, atLeastMs);
    await clock.advance(delay);
    await queue.get();
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

  it('spreads those that were all told the same time', () => {
    const spread = new WorkQueue({ clock, random: () => 0.5, metrics });
    expect(spread.retry('a', policy, 30_000)).toBeCloseTo(31_500);
  });

  it('keeps to the pace of all retries together', () => {
    const paced = new WorkQueue({
      clock,
      random: () => 0,
      metrics,
      retryPace: new RetryPace({ perSecond: 0.5, burst: 1 }),
    });
    expect(['a', 'b', 'c'].map((key) => paced.retry(key, policy))).toEqual([1_000, 2_000, 4_000]);
  });
});

describe('the end of the work queue', () => {
  it('hands out what is ready, drops what waits for its time, and takes nothing more', async () => {
    queue.add('ready', 'change');
    queue.addAfter('delayed', 1_000, 'change');
    queue.shutDown();
    queue.add('too late', 'change');
    queue.addAfter('too late', 10, 'change');
    expect((await queue.get())?.key).toBe('ready');
    expect(await queue.get()).toBeUndefined();
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('sends waiting workers home', async () => {
    const waiting = [queue.get(), queue.get()];
    queue.shutDown();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  });

  it('still hands out what was changed while it was worked on', async () => {
    queue.add('a', 'change');
    await queue.get();
    queue.add('a', 'change');
    queue.shutDown();
    queue.done('a');
    expect((await queue.get())?.key).toBe('a');
  });

  it('lets a single worker leave by its signal, without losing a key', async () => {
    const leaving = new AbortController();
    const left = queue.get(leaving.signal);
    const staying = queue.get();
    leaving.abort();
    expect(await left).toBeUndefined();
    queue.add('a', 'change');
    expect((await staying)?.key).toBe('a');
    expect(await queue.get(leaving.signal)).toBeUndefined();
  });

  it('listens to a signal once, however often and by however many it is waited with', async () => {
    const { signal } = new AbortController();
    for (const key of ['a', 'b', 'c']) {
      const [first, second] = [queue.get(signal), queue.get(signal)];
      queue.add(key, 'change');
      queue.add(`${key}2`, 'change');
      await Promise.all([first, second]);
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });
});

describe('the metrics of the work queue', () => {
  it('tell how long keys waited and were worked on', async () => {
    queue.add('a', 'change');
    expect(metrics.lastDepth).toBe(1);
    await clock.advance(2_000);
    await queue.get();
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
    while (queue.depth > 0) {
      const work = await queue.get();
      if (work === undefined) break;
      queue.done(work.key);
      taken += 1;
    }
    expect(taken).toBe(100_000);
    // A tenth of a second here; anything quadratic takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
