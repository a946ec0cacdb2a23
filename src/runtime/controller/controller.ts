/**
 * What stands around a reconcile: keys are taken from the queue as it hands them out, each is reconciled, and what the result says is done.
 * How many are in flight is the queue's to say. A reconcile that throws is logged, counted and tried again; it never stops the others.
 */

import type { BackoffPolicy } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { WorkQueue } from '../workqueue/queue.ts';
import { Deadlines } from './deadlines.ts';
import type { ControllerMetrics } from './metrics.ts';

/** What a reconcile says should happen next. */
export type Result =
  /** Nothing, until something changes. */
  | { readonly kind: 'done' }
  /** It failed in a way that is expected to pass: try again, later each time, and not before `atLeastMs`. */
  | { readonly kind: 'retry'; readonly policy: BackoffPolicy; readonly atLeastMs?: number };

export interface ControllerOptions {
  readonly queue: WorkQueue;
  /** The signal is aborted by `hardStop`, and when `deadlineMs` has passed. It outlives the reconcile: nothing that does so too may listen to it. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Result>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  /** Aborted when the grace period is over: reconciles in flight give up. */
  readonly hardStop: AbortSignal;
  /** How long one reconcile may take at most. Absent: no limit but its own. */
  readonly deadlineMs?: number;
}

/** For what no one expected: quick at first, since it may have been chance, and never a flood of errors. */
export const unexpectedBackoff: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 600_000, jitter: 0.5 };

/** A reconcile that takes longer holds no place that other flows could use. */
export const slowMs = 1_000;

/** One for many reconciles, one after the other, until it is aborted: signals are dear, and nearly none of them is ever used. */
class Run {
  readonly abort = new AbortController();
  key = '';
}

/**
 * Works until `signal` is aborted; then no further key is taken, and it resolves once the reconciles in flight have ended
 * (on their own, or because `hardStop` was aborted). Only then is it true that this process does nothing any more.
 */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, clock, metrics, deadlineMs, hardStop } = options;
  /** The last one to be free is used first: a few that are always in use make less garbage than many that take turns. */
  const free: Run[] = [];
  const active = new Set<Run>();
  const ended = Promise.withResolvers<void>();
  /** Kept here, since a composed signal asks all that it is composed of, each time that it is asked itself. */
  let isTaking = !signal.aborted && !hardStop.aborted;
  const slow = new Deadlines<Run>(clock, slowMs, ({ key }) => queue.releasePlace(key));
  const overdue =
    deadlineMs === undefined
      ? undefined
      : new Deadlines<Run>(clock, deadlineMs, ({ abort }) => abort.abort(new ReconcileTimeout(deadlineMs)));

  const start = (key: string) => {
    const run = free.pop() ?? new Run();
    run.key = key;
    active.add(run);
    metrics.activeWorkers(active.size);
    slow.begin(run);
    overdue?.begin(run);
    void reconcileOne(options, key, run.abort.signal).then(() => end(run));
  };
  const end = (run: Run) => {
    slow.end(run);
    overdue?.end(run);
    active.delete(run);
    metrics.activeWorkers(active.size);
    queue.done(run.key);
    if (!run.abort.signal.aborted) free.push(run);
    if (!isTaking && signal.aborted && active.size === 0) ended.resolve();
  };
  const stopAll = () => {
    isTaking = false;
    for (const { abort } of active) abort.abort(hardStop.reason);
  };
  const drain = () => {
    isTaking = false;
    if (active.size === 0) ended.resolve();
  };

  metrics.activeWorkers(0);
  if (signal.aborted) drain();
  hardStop.addEventListener('abort', stopAll);
  signal.addEventListener('abort', drain, { once: true });
  queue.onReady(() => {
    while (isTaking) {
      const work = queue.take();
      if (work === undefined) return;
      start(work.key);
    }
  });
  await ended.promise;
  slow.stop();
  overdue?.stop();
  queue.shutDown();
  hardStop.removeEventListener('abort', stopAll);
}

/** Never rejects. */
async function reconcileOne(options: ControllerOptions, key: string, running: AbortSignal): Promise<void> {
  const { queue, clock, metrics, deadlineMs, hardStop } = options;
  const startedAt = clock.now();
  const seconds = () => (clock.now() - startedAt) / 1000;
  try {
    const result = await options.reconcile(key, running);
    metrics.reconciled(follow(queue, key, result), seconds());
  } catch (error) {
    if (hardStop.aborted) return;
    const retryInMs = Math.round(queue.retry(key, unexpectedBackoff));
    metrics.reconciled('error', seconds());
    if (running.aborted) {
      options.log.warn('the reconcile was given up at its deadline and will be tried again', {
        key,
        deadlineMs,
        retryInMs,
      });
      return;
    }
    metrics.panicked();
    options.log.error('the reconcile failed unexpectedly and will be tried again', {
      key,
      retryInMs,
      ...describeError(error),
    });
  }
}

function follow(queue: WorkQueue, key: string, result: Result): 'success' | 'requeue' {
  switch (result.kind) {
    case 'done':
      queue.forget(key);
      return 'success';
    case 'retry':
      queue.retry(key, result.policy, result.atLeastMs);
      return 'requeue';
  }
}

class ReconcileTimeout extends Error {
  override readonly name = 'ReconcileTimeout';
  constructor(deadlineMs: number) {
    super(`the reconcile took longer than ${deadlineMs} ms`);
  }
}

const describeError = (error: unknown) =>
  error instanceof Error
    ? { error: error.name, detail: error.message }
    : { error: typeof error, detail: String(error) };
