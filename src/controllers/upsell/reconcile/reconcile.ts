/**
 * One reconcile of one object, from the cached object and a fresh read of its user to a status that says what is true (`steps.ts`), and when to reconcile
 * it again.
 *
 * It knows nothing of events that led to it and may be stopped at any point: whatever was done is found by the next reconcile. Between two of them it
 * keeps what it wrote itself, until the watch brings the same, and how often it failed (`../write/tries.ts`).
 */
import { meaningOfVerdict, type Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Status } from '../../../api/status.ts';
import type { Log } from '../../../base/log.ts';
import { isConflict, isForbidden, isNotFound, KubernetesError } from '../../../kubernetes/calls/errors.ts';
import type { Result } from '../../../runtime/controller/controller.ts';
import type { ReconcileContext } from '../context.ts';
import { report } from '../report/report.ts';
import { isReady, wasReconciled } from '../report/reported.ts';
import { realWrites } from '../write/port.ts';
import { createTries, type ObjectTries } from '../write/tries.ts';
import { giveUp, release } from './release.ts';
import { resultOf, resultOfHeld, soon } from './retry.ts';
import { type StepsEnd, takeSteps } from './steps.ts';

export function createReconcile(context: ReconcileContext): (key: string, signal: AbortSignal) => Promise<Result> {
  // By the cached object, which another one replaces as soon as the watch has caught up. Without this a reconcile that follows immediately would compare
  // with the status of before, and write and report the same twice.
  const written = new WeakMap<TenantUserUpsell, Status>();
  const tries = createTries(context.clock);
  const writes = realWrites(context);
  return async (key, signal) => {
    const cached = context.fleet.get(key);
    if (cached === undefined) {
      tries.forget(key);
      return { kind: 'done' };
    }
    const status = written.get(cached);
    const object = status === undefined ? cached : { ...cached, status };
    const onStatus = (now: Status) => {
      if (now !== cached.status) written.set(cached, now);
    };
    try {
      const options = { context, tries: tries.of(object), onStatus };
      return await conclude(object, await takeSteps(object, { ...options, writes }, signal), options, signal);
    } catch (error) {
      return afterKubernetesError(error, object, context.log);
    }
  };
}

interface ConcludeOptions {
  readonly context: ReconcileContext;
  readonly tries: ObjectTries;
  readonly onStatus: (status: Status) => void;
}

/** @param before the object as it was when the reconcile began. */
async function conclude(
  before: TenantUserUpsell,
  { owed, object, applied, atLeastMs }: StepsEnd,
  { context, tries, onStatus }: ConcludeOptions,
  signal: AbortSignal,
): Promise<Result> {
  switch (owed.kind) {
    case 'leave':
      return { kind: 'done' };
    case 'release':
      await release(object, owed.why, applied, context, signal);
      return { kind: 'done' };
    case 'giveUp':
      await giveUp(object, owed.verdict, context, signal);
      return { kind: 'done' };
    case 'report': {
      const { findings } = owed;
      const { verdict } = findings;
      if (!passes(verdict)) tries.endedWell();
      else if (isRoutine(before) && tries.failedInPassing()) return resultOf(verdict, atLeastMs);
      if (applied !== undefined && isRoutine(before)) {
        const { afterMs } = applied;
        context.metrics.driftCorrected(afterMs === undefined ? undefined : afterMs / 1_000);
      }
      onStatus(await report(object, findings, applied, context, signal));
      return object.deletedAt === undefined ? resultOf(verdict, atLeastMs) : resultOfHeld(verdict, atLeastMs);
    }
  }
}

/** Nothing was asked of this object: it is reconciled because its turn came, its user changed or its credentials did. */
const isRoutine = (object: TenantUserUpsell): boolean => wasReconciled(object) && isReady(object);

/** A failure that is expected to pass by itself. A single one flips no condition of an object that nothing was asked of. */
function passes(verdict: Verdict): boolean {
  const { ready, stalled } = meaningOfVerdict(verdict);
  return ready === 'False' && !stalled && verdict.reason !== 'NotAssigned' && verdict.reason !== 'NotApplied';
}

/**
 * The object is gone, has changed meanwhile, or the API server is in trouble: each leads to another reconcile. One that is gone is found gone then; that
 * it is gone is the watch's to say, and not a 404's, which a gateway or a kind that is being installed again can give too.
 */
export function afterKubernetesError(error: unknown, object: TenantUserUpsell, log: Log): Result {
  if (!(error instanceof KubernetesError)) throw error;
  const fields = { key: object.key, status: error.status, error: withoutPersonalData(error.message, object) };
  if (isConflict(error) || isNotFound(error)) log.debug('the object changed meanwhile; it is reconciled again', fields);
  // Missing rights are warned of once for all objects, by the client's refusal monitor.
  else if (isForbidden(error)) log.debug('the API server refused; the object is reconciled again', fields);
  else log.warn('the API server refused or failed; the object is reconciled again', fields);
  return {
    kind: 'retry',
    policy: soon,
    ...(error.retryAfterMs === undefined ? {} : { atLeastMs: Math.min(error.retryAfterMs, maxRetryAfterMs) }),
  };
}

/** A server or a webhook that refuses a patch quotes the object, and login and external id are a person's. Of a spec that cannot be read no value is shown. */
function withoutPersonalData(message: string, { spec }: TenantUserUpsell): string {
  const unquoted = message.replace(/ value: ("(\\.|[^"\\])*"?|\{[^}]*\}?)/g, ' value: …');
  const name = spec.ok ? (spec.value.login ?? spec.value.externalID) : undefined;
  return name === undefined ? unquoted : unquoted.replaceAll(name, '…');
}

/** An API server, or a gateway, that asks for more is asked again anyway. */
const maxRetryAfterMs = 5 * 60_000;
