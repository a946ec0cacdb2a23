/**
 * The reconcile of `--dry-run`: the same steps, and a port for writes that has nothing to write with. What would be written is logged and counted, once for each
 * state of an object; neither the object nor its user is changed, and there are no events.
 */
import { meaningOfVerdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Result } from '../../../runtime/controller/controller.ts';
import type { ReconcileContext } from '../context.ts';
import { supposedWrites, type WouldWrite } from '../write/port.ts';
import { createTries } from '../write/tries.ts';
import { afterKubernetesError } from './reconcile.ts';
import { resultOf } from './retry.ts';
import { type StepsEnd, takeSteps } from './steps.ts';

const messages: Readonly<Record<WouldWrite, string>> = {
  assign: 'would assign',
  revoke: 'would revoke',
  addFinalizer: 'would add the finalizer',
  removeFinalizer: 'would remove the finalizer',
};

export function createDryRunReconcile(
  context: ReconcileContext,
): (key: string, signal: AbortSignal) => Promise<Result> {
  const { fleet, clock, log, metrics } = context;
  const tries = createTries(clock);
  /** By object: what was said of it, and of which state. */
  const said = new Map<string, string>();

  const say = (object: TenantUserUpsell, actions: readonly WouldWrite[]): void => {
    const state = `${object.uid} ${object.generation} ${actions.join()}`;
    if (said.get(object.key) === state) return;
    said.set(object.key, state);
    for (const action of actions) {
      metrics.wouldWrite(action);
      log.info(messages[action], { object: object.key, generation: object.generation });
    }
  };

  return async (key, signal) => {
    const object = fleet.get(key);
    if (object === undefined) {
      tries.forget(key);
      said.delete(key);
      return { kind: 'done' };
    }
    const actions: WouldWrite[] = [];
    const writes = supposedWrites<unknown>((action) => actions.push(action));
    try {
      const end = await takeSteps<unknown>(
        object,
        { context, writes, tries: tries.of(object), onStatus: () => {} },
        signal,
      );
      if (end.owed.kind === 'release' || end.owed.kind === 'giveUp') actions.push('removeFinalizer');
      if (!isPassing(end)) say(object, actions);
      return end.owed.kind === 'report' ? resultOf(end.owed.findings.verdict, end.atLeastMs) : { kind: 'done' };
    } catch (error) {
      return afterKubernetesError(error, object, log);
    }
  };
}

/** It could not be found out: what was said before stays said, and it is tried again. */
const isPassing = ({ owed }: StepsEnd): boolean => {
  if (owed.kind !== 'report') return false;
  const { ready, stalled } = meaningOfVerdict(owed.findings.verdict);
  return ready === 'False' && !stalled;
};
