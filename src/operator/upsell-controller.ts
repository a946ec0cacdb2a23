/** The controller of `TenantUserUpsell` objects, as a value: its queue, what puts keys into it (triggers, change feed, resync, credentials), and the reconcile. */
import type { Tracer } from '../base/tracer.ts';
import type { ReconcileContext } from '../controllers/upsell/context.ts';
import { createDryRunReconcile } from '../controllers/upsell/reconcile/dry-run.ts';
import { createReconcile } from '../controllers/upsell/reconcile/reconcile.ts';
import { createTracedReconcile } from '../controllers/upsell/reconcile/traced.ts';
import { timeEdits } from '../controllers/upsell/report/edit-times.ts';
import { brandListener } from '../controllers/upsell/triggers/brand.ts';
import { driftListener } from '../controllers/upsell/triggers/drift.ts';
import { judgeOf } from '../controllers/upsell/triggers/settled.ts';
import type { Brands } from '../fleet/brands/brands.ts';
import { forecast } from '../fleet/forecast.ts';
import { runResync } from '../fleet/resync.ts';
import { createVerifier, type Verifier } from '../fleet/verifier/verifier.ts';
import { runController } from '../runtime/controller/controller.ts';
import type { ControllerMetrics } from '../runtime/controller/metrics.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';
import type { AccountLoops } from './account-loops.ts';
import { type Controller, runAll } from './loops.ts';

export interface UpsellControllerOptions {
  readonly context: ReconcileContext;
  readonly queue: WorkQueue;
  /** Puts keys into the queue from now on: called once, when this process works. */
  readonly triggers: (verifier: Pick<Verifier, 'add' | 'recheck'>) => void;
  readonly accountLoops: Pick<AccountLoops, 'changes' | 'onCredentialsChanged'>;
  readonly brands: Pick<Brands, 'subscribe' | 'run' | 'requestsPerInterval'>;
  readonly brandIntervalMs: number;
  readonly driftIntervalMs: number;
  readonly resyncIntervalMs: number;
  readonly controllerMetrics: ControllerMetrics;
  /** Nothing is written; what would be is said. */
  readonly dryRun?: boolean;
  /** Absent: no traces. */
  readonly tracer?: Tracer | undefined;
  /** Reconciles in flight give up when it is aborted. */
  readonly hardStop: AbortSignal;
}

export const upsellController = 'tenantuserupsell';
/** Every call has a time-out of its own; this is for what no one thought of, and for several calls that each take their time. */
const reconcileDeadlineMs = 180_000;

export function createUpsellController(options: UpsellControllerOptions): Controller {
  const { context, queue, accountLoops, resyncIntervalMs } = options;
  const { fleet, accounts, clock, log, metrics } = context;
  // A replica that waits for the lease notes edits too: after a change of leader their time does not begin again.
  const editTimes = timeEdits({ fleet, clock, metrics });
  const verifier = createVerifier({ ...context, judge: judgeOf(context), queue });
  const reconcile = reconcileOf(options);
  const controller = {
    queue,
    reconcile,
    clock,
    log,
    metrics: options.controllerMetrics,
    hardStop: options.hardStop,
    deadlineMs: reconcileDeadlineMs,
  };

  return {
    name: upsellController,
    shutDown: () => queue.shutDown(),
    async run(signal) {
      editTimes.count();
      metrics.forecast(() =>
        forecast({
          ...options,
          fleet,
          accounts: accounts.size,
          requestsPerInterval: options.brands.requestsPerInterval,
        }),
      );
      accountLoops.changes.subscribe(driftListener({ fleet, queue, metrics }));
      options.brands.subscribe(brandListener({ fleet, sources: context.sources, queue }));
      // A whole fleet may use them: what is settled is verified, a hundred a read, and only what is not as it was reported is reconciled.
      accountLoops.onCredentialsChanged((source) => {
        for (const key of [...fleet.byIndex('source', source)]) verifier.recheck(key);
      });
      options.triggers(verifier);
      await runAll(
        [
          { name: 'reconcile', run: (until) => runController(controller, until) },
          {
            name: 'resync',
            run: (until) => runResync({ fleet, queue: verifier, intervalMs: resyncIntervalMs, clock, metrics }, until),
          },
          { name: 'verify', run: (until) => verifier.run(until) },
          { name: 'brands', run: (until) => options.brands.run(until) },
        ],
        signal,
      );
    },
  };
}

function reconcileOf({ context, dryRun = false, tracer }: UpsellControllerOptions): ReturnType<typeof createReconcile> {
  if (dryRun) return createDryRunReconcile(context);
  return tracer === undefined ? createReconcile(context) : createTracedReconcile(context, tracer);
}
