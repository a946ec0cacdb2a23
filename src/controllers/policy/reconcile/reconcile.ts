/**
 * One reconcile of one policy: where it stands, a full pass if one is due, what the last complete pass owes its children, as much of it as one slice takes, and a
 * status that says what is true.
 *
 * Invariants: nothing is made, changed or removed but by a complete pass of this selection and this API client; nothing is removed by a pass that is not fresh;
 * without news nothing is written.
 */
import type { PolicyVerdict } from '../../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../../api/policy/object.ts';
import type { BackoffPolicy } from '../../../base/backoff.ts';
import { isConflict, isNotFound, KubernetesError } from '../../../kubernetes/calls/errors.ts';
import type { Result } from '../../../runtime/controller/controller.ts';
import { liveObjectsOf } from '../children/children.ts';
import { countChildren } from '../children/counts.ts';
import type { PolicyContext } from '../context.ts';
import type { Memories, Memory } from '../memory.ts';
import type { Findings } from '../report/report.ts';
import { type Served, standingOf } from '../standing.ts';
import { type KeepOptions, keepChildren } from './keep.ts';
import { dueInMs, type PassesOptions, passIfDue } from './passes.ts';
import { judgeSuspects } from './suspects.ts';

export interface PolicyReconcileOptions extends PassesOptions, KeepOptions {
  readonly memories: Memories;
}

/** The next reconcile is at a time, which comes with it. */
const later: BackoffPolicy = { baseMs: 1, factor: 1, ceilingMs: 1, jitter: 0 };
const afterTrouble: BackoffPolicy = { baseMs: 1_000, factor: 2, ceilingMs: 60_000, jitter: 0.5 };
/** A policy that is stopped is reconciled again, since not all that stops one is reported. */
const stoppedMs = 60_000;
const soonMs = 50;
/** So long a policy has the users that it matched while it is stopped, or while what it selects now cannot be listed: the same as after a restart. */
const maxIdleMs = 5 * 60_000;
/** A failure that passes by itself is no news of a policy that is well. */
const maxSilentFailures = 2;

export function createPolicyReconcile(
  options: PolicyReconcileOptions,
): (key: string, signal: AbortSignal) => Promise<Result> {
  const { context, memories, writes } = options;
  const { policies, clock, log } = context;
  return async (key, signal) => {
    const policy = policies.get(key);
    // Its children go by themselves: the cluster deletes what the policy owned.
    if (policy === undefined || policy.deletedAt !== undefined) {
      memories.forget(key);
      writes.forget(key);
      return { kind: 'done' };
    }
    const memory = memories.of(policy);
    if (memory.requestedAt !== policy.requestedAt) {
      memory.requestedAt = policy.requestedAt;
      memory.wantedAt = clock.now();
    }
    try {
      const standing = await standingOf(policy, context, signal);
      memory.unplaced = standing.kind === 'unplaced' ? memory.unplaced + 1 : 0;
      if (standing.kind === 'served') return await serve(policy, standing, memory, options, signal);
      memory.knownGeneration = policy.generation;
      memory.takes = new Set();
      if (standing.kind === 'stopped') leaveIdle(policy, memory, options);
      if (standing.kind === 'unplaced' && isReady(policy) && memory.unplaced <= maxSilentFailures)
        return { kind: 'retry', policy: afterTrouble, atLeastMs: standing.retryAfterMs };
      const leftMs = await writes.report(policy, unlisted(policy, standing.verdict, context), memory, signal);
      return at(Math.min(stoppedMs, leftMs ?? stoppedMs));
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      const fields = { policy: key, status: error.status, error: error.message };
      if (isConflict(error) || isNotFound(error))
        log.debug('the policy changed meanwhile; it is reconciled again', fields);
      else log.warn('the API server refused or failed; the policy is reconciled again', fields);
      return { kind: 'retry', policy: afterTrouble, atLeastMs: error.retryAfterMs ?? 0 };
    }
  };
}

async function serve(
  policy: TenantUpsellPolicy,
  served: Served,
  memory: Memory,
  options: PolicyReconcileOptions,
  signal: AbortSignal,
): Promise<Result> {
  const { context, writes } = options;
  memory.accountId = served.account.id;
  await judgeSuspects(policy, served, memory, options, signal);
  await passIfDue(policy, served, memory, options, signal);
  memory.knownGeneration = policy.generation;
  const failure = isNews(policy, memory) ? memory.failure?.verdict : undefined;
  const pass = memory.pass?.asked === served.asked ? memory.pass : undefined;
  if (pass === undefined) {
    memory.takes = new Set();
    leaveIdle(policy, memory, options);
    const leftMs =
      failure === undefined
        ? undefined
        : await writes.report(policy, unlisted(policy, failure, context), memory, signal);
    return at(Math.min(dueInMs(served, memory, context), leftMs ?? Number.POSITIVE_INFINITY));
  }
  memory.passIdleSince = undefined;
  const { verdict, counts, nextMs } = await keepChildren(policy, served, pass, memory, options, signal);
  const leftMs = await writes.report(policy, { verdict: failure ?? verdict, pass, counts }, memory, signal);
  return at(Math.min(nextMs, dueInMs(served, memory, context), leftMs ?? Number.POSITIVE_INFINITY));
}

/**
 * What it matched once keeps younger policies from these users, and no reconcile of this one acts on that any more. For a moment that is right, since it may work
 * again, with the same users; then they are left to the others.
 */
function leaveIdle(
  policy: TenantUpsellPolicy,
  memory: Memory,
  { context: { clock }, onMembers }: Pick<PolicyReconcileOptions, 'context' | 'onMembers'>,
): void {
  if (memory.pass === undefined) return;
  memory.passIdleSince ??= clock.now();
  if (clock.now() - memory.passIdleSince < maxIdleMs) return;
  memory.pass = undefined;
  memory.passIdleSince = undefined;
  onMembers(policy);
}

/** Of a policy whose present selection no pass has listed. */
const unlisted = (
  policy: TenantUpsellPolicy,
  verdict: PolicyVerdict,
  { fleet }: Pick<PolicyContext, 'fleet'>,
): Findings => ({ verdict, pass: undefined, counts: countChildren(liveObjectsOf(policy, fleet)) });

const at = (ms: number): Result => ({ kind: 'retry', policy: later, atLeastMs: Math.max(soonMs, ms) });

const isReady = ({ status }: TenantUpsellPolicy): boolean =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

const isNews = (policy: TenantUpsellPolicy, { failure }: Memory): boolean =>
  failure !== undefined && (!isReady(policy) || failure.count > maxSilentFailures);
