/** The controller of `AcronisAccount` objects, as a value: each is a flow of its own, so that one that hangs delays no other's health. */
import type { AccountContext } from '../controllers/account/context.ts';
import { createAccountReconcile } from '../controllers/account/reconcile.ts';
import { accountNameOf, accountSource } from '../fleet/cache/objects.ts';
import { runController } from '../runtime/controller/controller.ts';
import type { ControllerMetrics } from '../runtime/controller/metrics.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';
import type { AccountLoops } from './account-loops.ts';
import type { Controller } from './loops.ts';

export interface AccountControllerOptions {
  readonly context: AccountContext;
  readonly namespace: string;
  readonly queue: WorkQueue;
  readonly accountLoops: Pick<AccountLoops, 'onCredentialsChanged'>;
  readonly controllerMetrics: ControllerMetrics;
  /** Reconciles in flight give up when it is aborted. */
  readonly hardStop: AbortSignal;
}

export const accountController = 'acronisaccount';
/** Accounts reconciled concurrently. */
export const maxAccountReconciles = 16;
const deadlineMs = 120_000;

export function createAccountController(options: AccountControllerOptions): Controller {
  const { context, namespace, queue, accountLoops, controllerMetrics, hardStop } = options;
  const { accountObjects, clock, log } = context;
  const reconcile = createAccountReconcile(context);
  return {
    name: accountController,
    shutDown: () => queue.shutDown(),
    async run(signal) {
      for (const key of accountObjects.store.keys()) queue.add(key, 'change');
      accountObjects.store.subscribe((before, after) => {
        const key = (after ?? before)?.key;
        // Its own status asks for nothing.
        if (key === undefined || (before?.uid === after?.uid && before?.generation === after?.generation)) return;
        context.sources.expire(accountSource(key.slice(namespace.length + 1)));
        queue.add(key, 'change');
      });
      accountLoops.onCredentialsChanged((source) => {
        const name = accountNameOf(source);
        if (name !== undefined) queue.add(`${namespace}/${name}`, 'change');
      });
      await runController({ queue, reconcile, clock, log, metrics: controllerMetrics, hardStop, deadlineMs }, signal);
    },
  };
}
