import { beforeEach, describe, expect, it } from 'vitest';
import { type ControllerOptions, type Outcome, runController } from '../../../../src/runtime/controller/controller.ts';
import { WorkQueue } from '../../../../src/runtime/workqueue/queue.ts';
import { ManualClock, settle } from '../../../support/manual-clock.ts';
import { RecordedLog } from '../../../support/recorded-log.ts';
import { RecordedControllerMetrics, RecordedQueueMetrics } from '../recording.ts';

const policy = { baseMs: 1_000, factor: 2, ceilingMs: 60_000, jitter: 0 };

let clock: ManualClock;
let queue: WorkQueue;
let log: RecordedLog;
let metrics: RecordedControllerMetrics;
let stop: AbortController;
let hardStop: AbortController;

beforeEach(() => {
  clock = new ManualClock();
  queue = new WorkQueue({ clock, random: () => 0, metrics: new RecordedQueueMetrics() });
  log = new RecordedLog();
  metrics = new RecordedControllerMetrics();
  stop = new AbortController();
  hardStop = new AbortController();
});

const run = (reconcile: ControllerOptions['reconcile'], options: Partial<ControllerOptions> = {}) =>
  runController(
    { queue, workers: 2, reconcile, clock, log, metrics, hardStop: hardStop.signal, ...options },
    stop.signal,
  );

describe('the controller', () => {
  it('has so many keys reconciled at once, and no more', async () => {
    const ends: (() => void)[] = [];
    const done = run(() => new Promise((resolve) => ends.push(() => resolve({ kind: 'done' }))), { workers: 3 });
    for (let i = 0; i < 5; i++) queue.add(`key ${i}`, 'change');
    await settle();
    expect(ends).toHaveLength(3);
    expect(metrics.active).toBe(3);
    ends[0]?.();
    await settle();
    expect(ends).toHaveLength(4);
    stop.abort();
    for (const end of ends) end();
    await done;
    expect(metrics.active).toBe(0);
    expect(metrics.mostActive).toBe(3);
  });

  it('does what the outcome says: nothing, again later, or a retry that waits longer each time', async () => {
    const at: Record<string, number[]> = { done: [], again: [], retry: [] };
    const outcomes: Record<string, Outcome> = {
      done: { kind: 'done' },
      again: { kind: 'again', afterMs: 10_000, priority: 'resync' },
      retry: { kind: 'retry', policy },
    };
    const done = run(async (key) => {
      at[key]?.push(clock.now());
      return outcomes[key] ?? { kind: 'done' };
    });
    for (const key of ['done', 'again', 'retry']) queue.add(key, 'change');
    await clock.advance(30_000);
    expect(at).toEqual({ done: [0], again: [0, 10_000, 20_000, 30_000], retry: [0, 1_000, 3_000, 7_000, 15_000] });
    expect(new Set(metrics.results)).toEqual(new Set(['success', 'requeue_after', 'requeue']));
    stop.abort();
    await done;
  });

  it('waits as long as a retry asks for', async () => {
    const at: number[] = [];
    const done = run(async () => {
      at.push(clock.now());
      return { kind: 'retry', policy, atLeastMs: 20_000 };
    });
    queue.add('a', 'change');
    await clock.advance(25_000);
    expect(at).toEqual([0, 20_000]);
    stop.abort();
    await done;
  });

  it('forgets the failures of a key when it is well again', async () => {
    let failing = true;
    const done = run(async () => (failing ? { kind: 'retry', policy } : { kind: 'done' }));
    queue.add('a', 'change');
    await clock.advance(4_000);
    expect(queue.failures('a')).toBe(3);
    failing = false;
    await clock.advance(4_000);
    expect(queue.failures('a')).toBe(0);
    stop.abort();
    await done;
  });

  it('survives what nobody expected: logs it, counts it, tries again, and goes on with the others', async () => {
    const seen: string[] = [];
    const done = run(
      (key) => {
        seen.push(key);
        if (key === 'bad' && seen.filter((one) => one === 'bad').length < 3) throw new RangeError('out of range');
        return Promise.resolve({ kind: 'done' });
      },
      { workers: 1 },
    );
    queue.add('bad', 'change');
    queue.add('good', 'change');
    await clock.advance(60_000);
    expect(seen).toEqual(['bad', 'good', 'bad', 'bad']);
    expect(metrics.panics).toBe(2);
    expect(metrics.results).toEqual(['error', 'success', 'error', 'success']);
    expect(log.at('error')[0]).toEqual({
      level: 'error',
      message: 'the reconcile failed in a way nobody expected and will be tried again',
      fields: { key: 'bad', retryInMs: 1_000, error: 'RangeError', detail: 'out of range' },
    });
    stop.abort();
    await done;
  });

  it('gives a reconcile up at its deadline, and tries again later', async () => {
    let runs = 0;
    const done = run(
      async (_, signal) => {
        runs += 1;
        if (runs === 1) await clock.sleep(1_000_000, signal);
        return { kind: 'done' };
      },
      { deadlineMs: 30_000 },
    );
    queue.add('a', 'change');
    await clock.advance(30_000);
    expect(metrics.results).toEqual(['error']);
    expect(metrics.panics).toBe(0);
    expect(log.at('warn')[0]?.fields).toMatchObject({ key: 'a', deadlineMs: 30_000 });
    await clock.advance(1_000);
    expect(metrics.results).toEqual(['error', 'success']);
    stop.abort();
    await done;
    expect(clock.timers).toBe(0);
  });

  it('gives the next reconcile of the same worker a signal that is not aborted', async () => {
    const aborted: boolean[] = [];
    const done = run(
      async (key, signal) => {
        aborted.push(signal.aborted);
        if (key === 'slow') await clock.sleep(1_000_000, signal);
        return { kind: 'done' };
      },
      { deadlineMs: 30_000, workers: 1 },
    );
    queue.add('slow', 'change');
    queue.add('b', 'change');
    queue.add('c', 'change');
    await clock.advance(30_000);
    expect(metrics.results).toEqual(['error', 'success', 'success']);
    expect(aborted).toEqual([false, false, false]);
    stop.abort();
    await done;
  });
});

describe('the end of the controller', () => {
  it('takes no further key, and waits for those under way', async () => {
    const finished: string[] = [];
    let ended = false;
    const done = run(
      async (key, signal) => {
        await clock.sleep(10_000, signal);
        finished.push(key);
        return { kind: 'retry', policy };
      },
      { workers: 2 },
    ).then(() => {
      ended = true;
    });
    for (const key of ['a', 'b', 'c']) queue.add(key, 'change');
    await settle();
    stop.abort();
    await clock.advance(9_999);
    expect(ended).toBe(false);
    await clock.advance(1);
    await done;
    expect(finished).toEqual(['a', 'b']);
    expect(clock.timers).toBe(0);
  });

  it('aborts those under way when the grace period is over, and does not call that an error', async () => {
    const done = run(async (_, signal) => {
      await clock.sleep(1_000_000, signal);
      return { kind: 'done' };
    });
    queue.add('a', 'change');
    await settle();
    stop.abort();
    await clock.advance(20_000);
    hardStop.abort(new Error('the grace period is over'));
    await done;
    expect(metrics.results).toEqual([]);
    expect(log.lines).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it('comes at once when nothing is under way', async () => {
    const done = run(async () => ({ kind: 'done' }));
    await settle();
    stop.abort();
    await done;
  });

  it('comes at once when it was over before it began', async () => {
    stop.abort();
    queue.add('a', 'change');
    let reconciled = 0;
    await run(async () => {
      reconciled += 1;
      return { kind: 'done' };
    });
    expect(reconciled).toBe(0);
  });
});
