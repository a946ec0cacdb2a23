/**
 * The loop around a reconcile: so many workers, each taking a key, having it reconciled, and doing what the outcome says.
 * A reconcile that throws is logged, counted and tried again; it never stops a worker.
 */

import type { BackoffPolicy } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Priority, WorkQueue } from '../workqueue/queue.ts';
import { Deadlines } from './deadlines.ts';
import type { ControllerMetrics } from './metrics.ts';

/** What a reconcile says should happen next. */
export type Outcome =
  /** Nothing, until something changes. */
  | { readonly kind: 'done' }
  /** All is well, look again after this time. */
  | { readonly kind: 'again'; readonly afterMs: number; readonly priority: Priority }
  /** It failed in a way that is expected to pass: try again, later each time, and not before `atLeastMs`. */
  | { readonly kind: 'retry'; readonly policy: BackoffPolicy; readonly atLeastMs?: number };

export interface ControllerOptions {
  readonly queue: WorkQueue;
  readonly workers: number;
  /** The signal is aborted by `hardStop`, and when `deadlineMs` has passed. It outlives the reconcile: nothing that does so too may listen to it. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ControllerMetrics;
  /** Aborted when the grace period is over: reconciles under way are told to give up. */
  readonly hardStop: AbortSignal;
  /** The longest one reconcile may take. Absent: no limit but its own. */
  readonly deadlineMs?: number;
}

/** For what nobody expected: quick at first, since it may have been chance, and never a flood of errors. */
export const unexpectedBackoff: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 600_000, jitter: 0.5 };

/**
 * Works until `signal` is aborted; then no further key is taken, and it resolves once the reconciles under way have ended
 * (on their own, or because `hardStop` was aborted). Only then is it true that this process does nothing any more.
 */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, clock, metrics, deadlineMs, hardStop } = options;
  const controllers = new Set<AbortController>();
  let active = 0;
  const deadlines =
    deadlineMs === undefined
      ? undefined
      : new Deadlines<AbortController>(clock, deadlineMs, (running) => running.abort(new ReconcileTimeout(deadlineMs)));
  const stopAll = () => {
    for (const running of controllers) running.abort(hardStop.reason);
  };
  hardStop.addEventListener('abort', stopAll);

  /** One for all that a worker does, until it is aborted: signals are dear, and nearly none of them is ever heard. */
  function newController(): AbortController {
    const controller = new AbortController();
    controllers.add(controller);
    return controller;
  }

  async function worker(): Promise<void> {
    let running = newController();
    while (!signal.aborted) {
      const work = await queue.get(signal);
      if (work === undefined) return;
      if (!signal.aborted) {
        if (running.signal.aborted) {
          controllers.delete(running);
          running = newController();
        }
        if (hardStop.aborted) running.abort(hardStop.reason);
        metrics.activeWorkers(++active);
        deadlines?.begin(running);
        await reconcileOne(options, work.key, running.signal);
        deadlines?.end(running);
        metrics.activeWorkers(--active);
      }
      queue.done(work.key);
    }
  }

  metrics.activeWorkers(0);
  await Promise.all(Array.from({ length: options.workers }, worker));
  deadlines?.stop();
  queue.shutDown();
  hardStop.removeEventListener('abort', stopAll);
}

/** Never rejects. */
async function reconcileOne(options: ControllerOptions, key: string, running: AbortSignal): Promise<void> {
  const { queue, clock, metrics, deadlineMs, hardStop } = options;
  const startedAt = clock.now();
  const seconds = () => (clock.now() - startedAt) / 1000;
  try {
    const outcome = await options.reconcile(key, running);
    metrics.reconciled(follow(queue, key, outcome), seconds());
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
    options.log.error('the reconcile failed in a way nobody expected and will be tried again', {
      key,
      retryInMs,
      ...describeError(error),
    });
  }
}

function follow(queue: WorkQueue, key: string, outcome: Outcome): 'success' | 'requeue_after' | 'requeue' {
  switch (outcome.kind) {
    case 'done':
      queue.forget(key);
      return 'success';
    case 'again':
      queue.forget(key);
      queue.addAfter(key, outcome.afterMs, outcome.priority);
      return 'requeue_after';
    case 'retry':
      queue.retry(key, outcome.policy, outcome.atLeastMs);
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
