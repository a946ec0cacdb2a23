/**
 * What a plan owes, done, as much of it as one slice takes: several children concurrently, so that a large policy is made as fast as the API server takes it, and neither its
 * status nor an edit waits for all of it.
 */
import { isAlreadyExists, isConflict, isNotFound, KubernetesError } from '../../../kubernetes/calls/errors.ts';
import type { KnownChild } from '../children/children.ts';
import type { Template } from '../children/template.ts';
import { handOverChild, makeChild, removeChild, updateChild } from '../children/write.ts';
import type { PolicyContext } from '../context.ts';
import type { Memory } from '../memory.ts';
import type { Plan } from '../plan/plan.ts';

export interface ApplyOptions {
  readonly template: Template;
  readonly children: ReadonlyMap<string, KnownChild>;
  readonly memory: Memory;
  readonly context: Pick<PolicyContext, 'client' | 'clock' | 'metrics'>;
}

type Steps = Pick<Plan, 'make' | 'update' | 'remove' | 'handOver'>;

export const maxSlice = 500;
const maxConcurrent = 16;
/** A child that was made and does not show in the cache by then is made again, if it is not there. */
const pendingMs = 30_000;

/**
 * Each step that meets another state than it was planned for is left to the next plan.
 * @returns whether steps are left.
 * @throws KubernetesError where the API server refuses or fails, or the signal's reason; the steps that were done are done.
 */
export async function applySlice(
  { make, update, remove, handOver }: Steps,
  { template, children, memory, context }: ApplyOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, clock, metrics } = context;
  /** What removes a child comes first: it may be in another's way. */
  const steps: (() => Promise<void>)[] = [
    ...existing(handOver, children, async ({ object }, id) => {
      await handOverChild(client, template, object, id, signal);
      metrics.childChanged('handedOver');
    }),
    ...existing(remove, children, async ({ object }, id) => {
      await removeChild(client, object, signal);
      metrics.childChanged('removed');
      if (!memory.letThrough.has(id)) memory.removedAt.push(clock.wall());
    }),
    ...existing(update, children, async ({ object }, id) => {
      await updateChild(client, template, object, id, signal);
      metrics.childChanged('updated');
    }),
    ...make.slice(0, maxSlice).map((id) => async () => {
      // Before it is sent: what is not known to have failed may have been made.
      memory.pending.set(id, clock.now() + pendingMs);
      const made = { userId: id, at: clock.wall() };
      memory.made.push(made);
      try {
        await makeChild(client, template, id, signal);
        metrics.childChanged('made');
      } catch (error) {
        if (isRefused(error)) {
          memory.pending.delete(id);
          memory.made.splice(memory.made.indexOf(made), 1);
        }
        throw error;
      }
    }),
  ];
  await concurrently(steps.slice(0, maxSlice), signal);
  return handOver.length + remove.length + update.length + make.length > maxSlice;
}

function existing(
  ids: readonly string[],
  children: ReadonlyMap<string, KnownChild>,
  step: (child: KnownChild, id: string) => Promise<void>,
): (() => Promise<void>)[] {
  return ids.slice(0, maxSlice).flatMap((id) => {
    const child = children.get(id);
    return child === undefined ? [] : [() => step(child, id)];
  });
}

async function concurrently(steps: readonly (() => Promise<void>)[], signal: AbortSignal): Promise<void> {
  const left = steps.values();
  let failure: unknown;
  const worker = async () => {
    for (const step of left) {
      if (failure !== undefined) return;
      try {
        await step();
      } catch (error) {
        if (!isOtherState(error)) failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxConcurrent, steps.length) }, worker));
  signal.throwIfAborted();
  if (failure !== undefined) throw failure;
}

/** The object is gone, another one, or changed since it was seen: the watch brings what it is now. */
const isOtherState = (error: unknown): boolean =>
  isConflict(error) ||
  isAlreadyExists(error) ||
  isNotFound(error) ||
  // Another object of the same name: its uid is immutable.
  (error instanceof KubernetesError && error.status === 422 && error.message.includes('metadata.uid'));

/** Nothing was made. */
const isRefused = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status >= 400 && error.status < 500;
