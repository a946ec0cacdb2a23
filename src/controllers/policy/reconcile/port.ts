/**
 * What a policy's reconcile writes, all of it to the cluster. The operator's port writes; a dry run's has nothing to write with, and says what would be done: once
 * for each child, and once for each state of the policy.
 */

import { childName } from '../../../api/policy/children.ts';
import type { PolicyVerdict } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { WouldChangeChild } from '../metrics.ts';
import type { Steps } from '../plan/plan.ts';
import { recordRemovals } from '../report/removals.ts';
import { type Findings, report } from '../report/report.ts';
import { applySlice } from './apply.ts';
import { useApproval } from './approval.ts';
import type { Owing } from './owe.ts';

/** All methods throw as the writes that they make: KubernetesError, or the signal's reason. */
export interface PolicyWrites {
  /** Whether the cache shows what was written, a moment later: then that is waited for. */
  readonly isReal: boolean;
  /** @returns whether steps are left for the next slice. */
  apply(
    policy: TenantUpsellPolicy,
    steps: Steps,
    of: { readonly owing: Owing; readonly memory: Memory },
    signal: AbortSignal,
  ): Promise<boolean>;
  useApproval(policy: TenantUpsellPolicy, users: readonly string[], memory: Memory, signal: AbortSignal): Promise<void>;
  /** @returns in how many milliseconds there is something left to write; undefined where there is not. */
  report(
    policy: TenantUpsellPolicy,
    findings: Findings,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  forget(key: string): void;
}

export const realPolicyWrites = (context: PolicyContext): PolicyWrites => ({
  isReal: true,
  async apply(policy, steps, { owing: { template, children }, memory }, signal) {
    const isCurrent = () => {
      const now = context.policies.get(policy.key);
      return now?.uid === policy.uid && now.generation === policy.generation;
    };
    await recordRemovals(policy, steps.remove, memory, context, signal);
    return await applySlice(steps, { template, children, memory, isCurrent, context }, signal);
  },
  useApproval: (policy, users, memory, signal) => useApproval(policy, users, memory, context, signal),
  report: (policy, findings, memory, signal) => report(policy, findings, memory, context, signal),
  forget: () => {},
});

const messages: Readonly<Record<WouldChangeChild, string>> = {
  makeChild: 'would make child',
  updateChild: 'would update child',
  removeChild: 'would remove child',
  handOverChild: 'would hand over child',
};

export function supposedPolicyWrites({ log, metrics }: Pick<PolicyContext, 'log' | 'metrics'>): PolicyWrites {
  /** By policy: what is owed to each user's child, as it was said. What is owed no more is forgotten, so that it is said again should it come back. */
  const said = new Map<string, ReadonlyMap<string, WouldChangeChild>>();
  const reported = new Map<string, PolicyVerdict>();
  return {
    isReal: false,
    async apply({ key, namespace }, { make, update, remove, handOver }) {
      const before = said.get(key);
      const owed = new Map<string, WouldChangeChild>();
      const say = (change: WouldChangeChild, users: readonly string[]) => {
        for (const id of users) {
          owed.set(id, change);
          if (before?.get(id) === change) continue;
          metrics.wouldChangeChild(change);
          log.info(messages[change], { policy: key, object: `${namespace}/${childName(id)}` });
        }
      };
      say('makeChild', make);
      say('updateChild', update);
      say('removeChild', remove);
      say('handOverChild', handOver);
      said.set(key, owed);
      return false;
    },
    useApproval: async () => {},
    async report({ key }, { verdict }) {
      const { reason, message } = verdict;
      const before = reported.get(key);
      if (before?.reason === reason && before.message === message) return undefined;
      reported.set(key, verdict);
      log.info('would report of the policy', { policy: key, reason, message });
      return undefined;
    },
    forget(key) {
      said.delete(key);
      reported.delete(key);
    },
  };
}
