/** The controller of `TenantUpsellPolicy` objects, as a value. A policy is of its account's flow: one whose account hangs delays no other's. */
import type { PolicyContext } from '../controllers/policy/context.ts';
import { membersListener } from '../controllers/policy/members.ts';
import { createMemories } from '../controllers/policy/memory.ts';
import { noProgressSince } from '../controllers/policy/metrics.ts';
import { createLister } from '../controllers/policy/pass/lister.ts';
import { realPolicyWrites, supposedPolicyWrites } from '../controllers/policy/reconcile/port.ts';
import { createPolicyReconcile } from '../controllers/policy/reconcile/reconcile.ts';
import { connectPolicyTriggers } from '../controllers/policy/triggers.ts';
import { isOlderPolicy } from '../fleet/cache/policies.ts';
import { runController } from '../runtime/controller/controller.ts';
import type { ControllerMetrics } from '../runtime/controller/metrics.ts';
import type { WorkQueue } from '../runtime/workqueue/queue.ts';
import type { AccountLoops } from './account-loops.ts';
import type { Controller } from './loops.ts';

export interface PolicyControllerOptions {
  readonly context: PolicyContext;
  readonly queue: WorkQueue;
  readonly accountLoops: Pick<AccountLoops, 'changes' | 'onCredentialsChanged'>;
  readonly controllerMetrics: ControllerMetrics;
  /** Nothing is written; what would be is logged and counted. */
  readonly dryRun?: boolean;
  /** Reconciles in flight give up when it is aborted. */
  readonly hardStop: AbortSignal;
}

export const policyController = 'tenantupsellpolicy';
/** Policies reconciled concurrently, of all accounts together. */
export const maxPolicyReconciles = 16;
/** 300,000 users at the rate of a throttled account. */
const deadlineMs = 30 * 60_000;

export function createPolicyController(options: PolicyControllerOptions): Controller {
  const { context, queue, accountLoops, controllerMetrics, hardStop } = options;
  const { policies, clock, log } = context;
  const memories = createMemories(clock);
  context.metrics.watchProgress(() => noProgressSince(policies, memories));
  const reconcile = createPolicyReconcile({
    context,
    lister: createLister(clock),
    memories,
    writes: options.dryRun === true ? supposedPolicyWrites(context) : realPolicyWrites(context),
    onMembers(policy) {
      for (const each of policies.values()) if (isOlderPolicy(policy, each)) queue.add(each.key, 'retry');
    },
  });
  return {
    name: policyController,
    shutDown: () => queue.shutDown(),
    async run(signal) {
      connectPolicyTriggers({ ...context, memories, queue });
      accountLoops.changes.subscribe(membersListener({ ...context, memories, queue }));
      accountLoops.onCredentialsChanged((source) => {
        for (const key of [...policies.byIndex('source', source)]) queue.add(key, 'change');
      });
      await runController({ queue, reconcile, clock, log, metrics: controllerMetrics, hardStop, deadlineMs }, signal);
    },
  };
}
