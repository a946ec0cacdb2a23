/**
 * What a plan owes, done, as much of it as one slice takes: several children concurrently, so that a large policy is made as fast as the API server takes it. A
 * slice is a time and not a number: the policy's status does not wait for all of it, and however many children there are, it is planned again only once per
 * slice. An edit of the policy ends it immediately.
 */
import { isAlreadyExists, isConflict, isNotFound, KubernetesError } from '../../../kubernetes/calls/errors.ts';
import type { KnownChild } from '../children/children.ts';
import type { Template } from '../children/template.ts';
import { handOverChild, makeChild, removeChild, updateChild } from '../children/write.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { Steps } from '../plan/plan.ts';

export interface ApplyOptions {
  readonly template: Template;
  readonly children: ReadonlyMap<string, KnownChild>;
  readonly memory: Memory;
  /** Whether the policy is as it was when the plan was made. */
  readonly isCurrent: () => boolean;
  readonly context: Pick<PolicyContext, 'client' | 'clock' | 'metrics'>;
}

type Step = (signal: AbortSignal) => Promise<void>;

/** The API server refuses what is asked for: a quota, an admission policy, a right, a rule. Trying again immediately changes nothing. */
export class ChildrenRefused extends Error {
  override readonly name = 'ChildrenRefused';
  readonly first: KubernetesError;

  constructor(first: KubernetesError) {
    super(first.message, { cause: first });
    this.first = first;
  }
}

/** Where so many are refused it is for all of them. */
const maxRefused = 32;
const sliceMs = 5_000;
const maxConcurrent = 16;
/** A child that was made and does not show in the cache by then is made again, if it is not there. */
const pendingMs = 30_000;
/** A name that an object has which this operator does not see is asked for less and less often: what is refused for it is a write, too. */
export const takenMs = 5_000;
const maxTakenMs = 10 * 60_000;

/**
 * Each step that meets another state than it was planned for is left to the next plan. A few children that are refused keep no other one from being done.
 * @returns whether steps are left.
 * @throws ChildrenRefused once the rest is done, KubernetesError where the API server refuses or fails, or the signal's reason; the steps that were done are done.
 */
export async function applySlice(plan: Steps, options: ApplyOptions, signal: AbortSignal): Promise<boolean> {
  const steps = stepsOf(plan, options);
  const { clock } = options.context;
  const end = clock.now() + sliceMs;
  const { memory } = options;
  const onDone = () => {
    memory.doneAt = clock.wall();
  };
  return await concurrently(steps, () => clock.now() < end && options.isCurrent(), onDone, signal);
}

/** What removes a child comes first: it may be in another's way. */
function* stepsOf(
  { make, update, remove, handOver }: Steps,
  { template, children, memory, context: { client, clock, metrics } }: ApplyOptions,
): Generator<Step> {
  for (const { object, userId } of existing(handOver, children))
    yield async (signal) => {
      await handOverChild(client, template, object, userId, signal);
      memory.gone.set(userId, object.uid);
      metrics.childChanged('handedOver');
    };
  for (const { object, userId } of existing(remove, children))
    yield async (signal) => {
      await removeChild(client, object, signal);
      memory.gone.set(userId, object.uid);
      metrics.childChanged('removed');
      if (!memory.letThrough.has(userId)) memory.removedAt.push(clock.wall());
    };
  for (const { object, userId } of existing(update, children))
    yield async (signal) => {
      await updateChild(client, template, object, userId, signal);
      metrics.childChanged('updated');
    };
  for (const userId of make)
    yield async (signal) => {
      // Before it is sent: what is not known to have failed may have been made.
      memory.pending.set(userId, clock.now() + pendingMs);
      const made = { userId, at: clock.wall() };
      memory.made.push(made);
      try {
        await makeChild(client, template, userId, signal);
        metrics.childChanged('made');
      } catch (error) {
        if (isRefused(error)) {
          memory.pending.delete(userId);
          memory.made.splice(memory.made.indexOf(made), 1);
          if (isConflict(error) || isAlreadyExists(error)) {
            const tries = memory.taken.get(userId)?.tries ?? 0;
            const until = clock.now() + Math.min(maxTakenMs, takenMs * 2 ** tries);
            memory.taken.set(userId, { until, tries: tries + 1 });
          }
        }
        throw error;
      }
    };
}

function* existing(
  ids: readonly string[],
  children: ReadonlyMap<string, KnownChild>,
): Generator<{ readonly userId: string; readonly object: KnownChild['object'] }> {
  for (const userId of ids) {
    const object = children.get(userId)?.object;
    if (object !== undefined) yield { userId, object };
  }
}

/** @returns whether steps are left. */
async function concurrently(
  steps: Generator<Step>,
  mayGoOn: () => boolean,
  onDone: () => void,
  signal: AbortSignal,
): Promise<boolean> {
  let failure: unknown;
  const refused: KubernetesError[] = [];
  let isLeft = true;
  const worker = async () => {
    while (failure === undefined && refused.length < maxRefused && mayGoOn()) {
      const { done, value: step } = steps.next();
      if (done === true) {
        isLeft = false;
        return;
      }
      try {
        await step(signal);
        onDone();
      } catch (error) {
        if (isOtherState(error)) continue;
        if (isForGood(error)) refused.push(error);
        else failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: maxConcurrent }, worker));
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
  const [first] = refused;
  if (first !== undefined) throw new ChildrenRefused(first);
  return isLeft;
}

/** The object is gone, another one, or changed since it was seen: the watch brings what it is now. */
const isOtherState = (error: unknown): boolean =>
  isConflict(error) ||
  isAlreadyExists(error) ||
  isNotFound(error) ||
  // Another object of the same name: its uid is immutable.
  (error instanceof KubernetesError && error.status === 422 && error.message.includes('metadata.uid'));

const isForGood = (error: unknown): error is KubernetesError =>
  error instanceof KubernetesError && [400, 403, 422].includes(error.status) && error.reason !== 'InvalidResponse';

/** Nothing was made. */
const isRefused = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status >= 400 && error.status < 500;
