import { beforeEach, describe, expect, it } from 'vitest';
import { type ControllerOptions, type Result, runController } from '../../../../src/runtime/controller/controller.ts';
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
  queue = newQueue(2);
  log = new RecordedLog();
  metrics = new RecordedControllerMetrics();
  stop = new AbortController();
  hardStop = new AbortController();
});

const newQueue = (maxInFlight: number) =>
  new WorkQueue({
    clock,
    random: () => 0,
    metrics: new RecordedQueueMetrics(),
    maxInFlight,
    flowOf: (key) => key.split('/')[0] ?? '',
  });

const run = (reconcile: ControllerOptions['reconcile'], options: Partial<ControllerOptions> = {}) =>
  runController({ queue, reconcile, clock, log, metrics, hardStop: hardStop.signal, ...options }, stop.signal);

describe('the controller', () => {
  it('reconciles so many keys of a flow concurrently, and no more', async () => {
    const ends: (() => void)[] = [];
    queue = newQueue(3);
    const done = run(() => new Promise((resolve) => ends.push(() => resolve({ kind: 'done' }))));
    for (let i = 0; i < 5; i++) queue.add(`flow/${i}`, 'change');
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

  it('does what the outcome says: nothing, or a retry that waits longer each time', async () => {
    const at: Record<string, number[]> = { done: [], retry: [] };
    const outcomes: Record<string, Result> = {
      done: { kind: 'done' },
      retry: { kind: 'retry', policy },
    };
    const done = run(async (key) => {
      at[key]?.push(clock.now());
      return outcomes[key] ?? { kind: 'done' };
    });
    for (const key of ['done', 'retry']) queue.add(key, 'change');
    await clock.advance(30_000);
    expect(at).toEqual({ done: [0], retry: [0, 1_000, 3_000, 7_000, 15_000] });
    expect(new Set(metrics.results)).toEqual(new Set(['success', 'requeue']));
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

  it('survives the unexpected: logs it, counts it, tries again, and goes on with the others', async () => {
    const seen: string[] = [];
    const done = run((key) => {
      seen.push(key);
      if (key === 'bad' && seen.filter((one) => one === 'bad').length < 3) throw new RangeError('out of range');
      return Promise.resolve({ kind: 'done' });
    });
    queue.add('bad', 'change');
    queue.add('good', 'change');
    await clock.advance(60_000);
    expect(seen).toEqual(['bad', 'good', 'bad', 'bad']);
    expect(metrics.panics).toBe(2);
    expect(metrics.results).toEqual(['error', 'success', 'error', 'success']);
    expect(log.at('error')[0]).toEqual({
      level: 'error',
      message: 'the reconcile failed unexpectedly and will be tried again',
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

  it('gives the next reconcile a signal that is not aborted', async () => {
    const aborted: boolean[] = [];
    queue = newQueue(1);
    const done = run(
      async (key, signal) => {
        aborted.push(signal.aborted);
        if (key === 'flow/slow') await clock.sleep(1_000_000, signal);
        return { kind: 'done' };
      },
      { deadlineMs: 30_000 },
    );
    for (const key of ['flow/slow', 'flow/b', 'flow/c']) queue.add(key, 'change');
    await clock.advance(30_000);
    expect(metrics.results).toEqual(['error', 'success', 'success']);
    expect(aborted).toEqual([false, false, false]);
    stop.abort();
    await done;
  });
});

describe('flows that hang', () => {
  it('cost the others nothing: with 25 of them, each new key of another one is reconciled immediately', async () => {
    const began: Record<string, number> = {};
    const done = run(async (key, signal) => {
      began[key] = clock.now();
      if (key.startsWith('hangs')) await clock.sleep(1_000_000, signal);
      return { kind: 'done' };
    });
    for (let n = 0; n < 25 * 20; n++) queue.add(`hangs-${n % 25}/${n}`, 'change');
    // They want more places than there are, until what hangs has given them back.
    await clock.advance(5_000);
    for (let n = 0; n < 50; n++) {
      const at = clock.now();
      queue.add(`well/${n}`, 'change');
      await clock.advance(100);
      expect(began[`well/${n}`]).toBe(at);
    }
    expect(
      Object.keys(began).filter((key) => key.startsWith('hangs-3/')),
      'its own limit holds',
    ).toHaveLength(2);
    stop.abort();
    hardStop.abort(new Error('enough'));
    await done;
    expect(clock.timers).toBe(0);
  });
});

describe('the end of the controller', () => {
  it('takes no further key, and waits for those in flight', async () => {
    const finished: string[] = [];
    let ended = false;
    const done = run(async (key, signal) => {
      await clock.sleep(10_000, signal);
      finished.push(key);
      return { kind: 'retry', policy };
    }).then(() => {
      ended = true;
    });
    for (const key of ['flow/a', 'flow/b', 'flow/c']) queue.add(key, 'change');
    await settle();
    stop.abort();
    await clock.advance(9_999);
    expect(ended).toBe(false);
    await clock.advance(1);
    await done;
    expect(finished).toEqual(['flow/a', 'flow/b']);
    expect(clock.timers).toBe(0);
  });

  it('aborts those in flight when the grace period is over, and does not call that an error', async () => {
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

  it('comes immediately when nothing is in flight', async () => {
    const done = run(async () => ({ kind: 'done' }));
    await settle();
    stop.abort();
    await done;
  });

  it('comes immediately when it was over before it began', async () => {
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
