/** The controller's machinery in numbers: controller_runtime_*, workqueue_* and, for lists and watches, reflector_*. */
import type { Registry } from 'prom-client';
import type { Clock } from '../../base/clock.ts';
import type { ControllerMetrics, ReconcileResult } from '../../runtime/controller/metrics.ts';
import type { ReflectorMetrics } from '../../runtime/reflector/metrics.ts';
import type { QueueMetrics } from '../../runtime/workqueue/metrics.ts';
import { counter, gauge, histogram } from './series.ts';

export interface ControllerName {
  /** The label `controller`, and `name` of the queue. */
  readonly controller: string;
  readonly maxConcurrentReconciles: number;
}

// controller-runtime's, without its finest steps: 5 ms to 60 s.
const reconcileBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.7, 1, 1.5, 2.5, 4, 6, 10, 20, 30, 60];
// client-go's: 10 ns to 1,000 s in powers of ten, and steps in between where an operator lives.
const queueBuckets = [1e-5, 1e-4, 1e-3, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 100, 1_000];

/** Makes the metrics of each controller: the families are one for all of them. */
export function controllerMetrics(registry: Registry): (name: ControllerName) => ControllerMetrics {
  const total = counter(
    registry,
    'controller_runtime_reconcile_total',
    'Total number of reconciliations per controller.',
    ['controller', 'result'],
  );
  const errors = counter(
    registry,
    'controller_runtime_reconcile_errors_total',
    'Total number of reconciliation errors per controller.',
    ['controller'],
  );
  const panics = counter(
    registry,
    'controller_runtime_reconcile_panics_total',
    'Total number of reconciliations that failed unexpectedly.',
    ['controller'],
  );
  const time = histogram(
    registry,
    'controller_runtime_reconcile_time_seconds',
    'Length of time per reconciliation per controller.',
    ['controller'],
    reconcileBuckets,
  );
  const active = new Map<string, number>();
  const workers = gauge(
    registry,
    'controller_runtime_active_workers',
    'Number of currently used workers per controller.',
    ['controller'],
    () => {
      for (const [controller, count] of active) workers.of(controller).set(count);
    },
  );
  const max = gauge(
    registry,
    'controller_runtime_max_concurrent_reconciles',
    'Maximum number of concurrent reconciles per controller.',
    ['controller'],
  );
  return ({ controller, maxConcurrentReconciles }) => {
    const byResult = {
      success: total.of(controller, 'success'),
      error: total.of(controller, 'error'),
      requeue: total.of(controller, 'requeue'),
      requeue_after: total.of(controller, 'requeue_after'),
    } satisfies Record<ReconcileResult, unknown>;
    const failed = errors.of(controller);
    const panicked = panics.of(controller);
    const took = time.of(controller);
    active.set(controller, 0);
    max.of(controller).set(maxConcurrentReconciles);
    return {
      reconciled(result, seconds) {
        byResult[result].inc();
        if (result === 'error') failed.inc();
        took.observe(seconds);
      },
      panicked: () => panicked.inc(),
      activeWorkers: (count) => void active.set(controller, count),
    };
  };
}

export function reflectorMetrics(registry: Registry, clock: Clock): ReflectorMetrics {
  const lists = counter(registry, 'reflector_lists_total', 'Total number of lists that ended well.', ['resource']);
  const listed = gauge(registry, 'reflector_items_per_list', 'Number of objects the last list held.', ['resource']);
  const failures = counter(
    registry,
    'reflector_failures_total',
    'Total number of lists and watches that failed or broke off.',
    ['resource', 'reason'],
  );
  const lastEvents = new Map<string, number>();
  const lastEvent = gauge(
    registry,
    'reflector_last_event_timestamp_seconds',
    'When the last event or bookmark of a watch came, in seconds since 1970.',
    ['resource'],
    () => {
      for (const [resource, at] of lastEvents) lastEvent.of(resource).set(at / 1_000);
    },
  );
  return {
    watchEvent: (resource) => void lastEvents.set(resource, clock.wall()),
    listed(resource, objects) {
      lists.of(resource).inc();
      listed.of(resource).set(objects);
    },
    watchFailed: (resource, reason) => failures.of(resource, reason).inc(),
  };
}

/** The same for the queue of each controller. */
export function queueMetrics(registry: Registry, clock: Clock): (name: ControllerName) => QueueMetrics {
  const labelNames = ['name', 'controller'];
  const count = (name: string, help: string) => counter(registry, name, help, labelNames);
  const time = (name: string, help: string) => histogram(registry, name, help, labelNames, queueBuckets);
  const adds = count('workqueue_adds_total', 'Total number of adds handled by workqueue.');
  const retries = count('workqueue_retries_total', 'Total number of retries handled by workqueue.');
  const waited = time(
    'workqueue_queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested.',
  );
  const worked = time(
    'workqueue_work_duration_seconds',
    'How long in seconds processing an item from workqueue takes.',
  );
  // The sum of what n items have taken so far is n × now − the sum of their starts, so no item has to be remembered.
  interface State {
    depth: number;
    inFlight: number;
    starts: number;
  }
  const states = new Map<string, State>();
  const depths = gauge(registry, 'workqueue_depth', 'Current depth of workqueue.', labelNames, () => {
    for (const [name, { depth }] of states) depths.of(name, name).set(depth);
  });
  const unfinished = gauge(
    registry,
    'workqueue_unfinished_work_seconds',
    'How many seconds of work has been done that is in progress and has not been observed by work_duration.',
    labelNames,
    () => {
      for (const [name, { inFlight, starts }] of states)
        unfinished.of(name, name).set(Math.max(0, inFlight * clock.now() - starts) / 1_000);
    },
  );
  return ({ controller }) => {
    const state: State = { depth: 0, inFlight: 0, starts: 0 };
    states.set(controller, state);
    const added = adds.of(controller, controller);
    const retried = retries.of(controller, controller);
    const waiting = waited.of(controller, controller);
    const working = worked.of(controller, controller);
    return {
      added: () => added.inc(),
      depth(now) {
        state.depth = now;
      },
      waited(seconds) {
        state.inFlight++;
        state.starts += clock.now();
        waiting.observe(seconds);
      },
      worked(seconds) {
        state.inFlight--;
        state.starts = state.inFlight === 0 ? 0 : state.starts - (clock.now() - seconds * 1_000);
        working.observe(seconds);
      },
      retried: () => retried.inc(),
    };
  };
}
