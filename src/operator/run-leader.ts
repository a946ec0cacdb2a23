/**
 * What runs while this process leads: the workers, the change feed, the full pass and its verifier, and the eye on credentials.
 */

import type { Tracer } from '../base/tracer.ts';
import type { ReconcileContext } from '../controllers/upsell/context.ts';
import { driftListener } from '../controllers/upsell/drift.ts';
import { createReconcile } from '../controllers/upsell/reconcile.ts';
import { createTracedReconcile } from '../controllers/upsell/traced.ts';
import type { Account } from '../fleet/accounts/accounts.ts';
import { createChangeBus } from '../fleet/change-feed.ts';
import { forecast } from '../fleet/forecast.ts';
import { type Source, sourceOf } from '../fleet/objects.ts';
import { runResync } from '../fleet/resync.ts';
import type { Verifier } from '../fleet/verifier.ts';
import { runController } from '../runtime/controller/controller.ts';
import type { ControllerMetrics } from '../runtime/controller/metrics.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';

export interface LeaderOptions {
  readonly context: ReconcileContext;
  readonly queue: WorkQueue;
  readonly verifier: Verifier;
  readonly driftIntervalMs: number;
  readonly resyncIntervalMs: number;
  readonly controllerMetrics: ControllerMetrics;
  /** Absent: no traces. */
  readonly tracer?: Tracer | undefined;
  /** Reconciles under way give up when it is aborted. */
  readonly hardStop: AbortSignal;
}

/** Every call has a time-out of its own; this is for what nobody thought of, and for a row of calls that each take their time. */
const reconcileDeadlineMs = 180_000;

/** Runs until the signal is aborted; resolves once the last reconcile under way has ended. */
export async function runLeader(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const { context, queue, verifier, tracer } = options;
  const { fleet, sources, accounts, clock, log, metrics } = context;

  const sourcesInUse = (): ReadonlySet<Source> => {
    const used = new Set<Source>();
    for (const object of fleet.values()) used.add(sourceOf(object));
    return used;
  };
  const onCredentialsChanged = (source: Source) => {
    accounts.keepOnly([...sources.remembered()]);
    // A whole fleet may use them: what is settled is verified, a hundred a read, and only what is not as it was reported is reconciled.
    for (const key of [...fleet.byIndex('source', source)]) verifier.recheck(key);
  };
  const accountsInUse = async (): Promise<readonly Account[]> => {
    // Secrets that no object names any more leave no token behind.
    accounts.keepOnly([...sources.remembered()]);
    const found = new Set<Account>();
    for (const source of sourcesInUse()) {
      // What was read last counts: no feed waits for a Secret that cannot be read.
      const result = sources.latest(source);
      if (result?.kind === 'found') found.add(accounts.of(result.credentials));
    }
    return [...found];
  };

  metrics.forecast(() => forecast({ ...options, fleet, accounts: accounts.size }));

  const changes = createChangeBus({
    accounts: accountsInUse,
    fleetSize: () => fleet.size,
    intervalMs: options.driftIntervalMs,
    clock,
    log,
  });
  changes.subscribe(driftListener({ fleet, queue, metrics }));

  await Promise.all([
    runController(
      {
        queue,
        reconcile: tracer === undefined ? createReconcile(context) : createTracedReconcile(context, tracer),
        clock,
        log,
        metrics: options.controllerMetrics,
        hardStop: options.hardStop,
        deadlineMs: reconcileDeadlineMs,
      },
      signal,
    ),
    changes.run(signal),
    runResync({ fleet, queue: verifier, intervalMs: options.resyncIntervalMs, clock, metrics }, signal),
    verifier.run(signal),
    sources.run(sourcesInUse, onCredentialsChanged, signal),
  ]);
}
