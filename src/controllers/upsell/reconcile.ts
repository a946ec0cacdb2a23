/**
 * One reconcile of one object, from the cached object and a fresh read of its user to a status that says what is true:
 *
 *   which account → which user → plan → write → status → when to look again
 *
 * It knows nothing of events that led to it and may be stopped at any point: whatever was done is found by the next look. Between two looks it keeps
 * nothing but what it wrote itself, until the watch brings the same.
 */

import { AcronisError } from '../../acronis/errors.ts';
import type { User } from '../../acronis/user.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Spec } from '../../api/spec.ts';
import type { Status } from '../../api/status.ts';
import type { Log } from '../../base/log.ts';
import type { Account } from '../../fleet/accounts/accounts.ts';
import { rivalOf } from '../../fleet/claims.ts';
import { sourceOf } from '../../fleet/objects.ts';
import { forbidsAsking, namespaceGuard } from '../../fleet/tenancy.ts';
import { isConflict, isNotFound, KubernetesError } from '../../kubernetes/calls/errors.ts';
import type { Outcome } from '../../runtime/controller/controller.ts';
import { auditOf, type ReconcileContext } from './context.ts';
import { finalize } from './finalize.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from './patches.ts';
import { plan } from './plan.ts';
import { type Look, report } from './report.ts';
import { resolveUser } from './resolve.ts';
import { outcomeOf, soon } from './retry.ts';
import { conditionOf } from './status.ts';
import {
  assignedVerdict,
  conflictVerdict,
  notAppliedVerdict,
  suspendedVerdict,
  userGoneVerdict,
  verdictOfCredentials,
  verdictOfError,
} from './verdicts.ts';
import { type WriteResult, write } from './write.ts';

export function createReconcile(context: ReconcileContext): (key: string, signal: AbortSignal) => Promise<Outcome> {
  // By the cached object, which another one replaces as soon as the watch has caught up. Without this a look that follows at once would
  // compare with the status of before, and write and tell the same twice.
  const written = new WeakMap<TenantUserUpsell, Status>();
  return async (key, signal) => {
    const cached = context.fleet.get(key);
    if (cached === undefined) return { kind: 'done' };
    const status = written.get(cached);
    const object = status === undefined ? cached : { ...cached, status };
    try {
      if (object.deletedAt !== undefined) return await finalize(object, object.deletedAt, context, signal);
      const look = await lookAt(object, context, signal);
      if (look.applied !== undefined && saysAssigned(object)) context.metrics.driftCorrected();
      const told = await report(object, look, context, signal);
      if (told !== cached.status) written.set(cached, told);
      return outcomeOf(look.verdict, look.atLeastMs);
    } catch (error) {
      return afterKubernetesError(error, key, context.log);
    }
  };
}

/** Its status says that what its present spec asks for is so. */
const saysAssigned = ({ status, generation }: TenantUserUpsell): boolean =>
  status.observedGeneration === generation && conditionOf(status, 'Ready')?.status === 'True';

/**
 * The object is gone, has changed meanwhile, or the API server is in trouble: each leads to another look. One that is gone is found gone then; that
 * it is gone is the watch's to say, and not a 404's, which a gateway or a kind that is being installed anew can give too.
 */
function afterKubernetesError(error: unknown, key: string, log: Log): Outcome {
  if (!(error instanceof KubernetesError)) throw error;
  const fields = { key, status: error.status, error: error.message };
  if (isConflict(error) || isNotFound(error)) log.debug('the object changed meanwhile; it is looked at again', fields);
  else log.warn('the API server refused or failed; the object is looked at again', fields);
  return {
    kind: 'retry',
    policy: soon,
    ...(error.retryAfterMs === undefined ? {} : { atLeastMs: Math.min(error.retryAfterMs, longestRetryAfterMs) }),
  };
}

/** An API server, or a gateway, that asks for more is asked again anyway. */
const longestRetryAfterMs = 5 * 60_000;

async function lookAt(object: TenantUserUpsell, context: ReconcileContext, signal: AbortSignal): Promise<Look> {
  if (!object.spec.ok)
    return {
      verdict: { reason: 'InvalidSpec', message: `${object.spec.problem}. Correct the object.` },
      facts: { kind: 'unknown' },
    };
  const spec = object.spec.value;
  if (spec.suspend) return { verdict: suspendedVerdict, facts: { kind: 'unknown' } };
  try {
    const credentials = await context.sources.read(sourceOf(object), signal);
    if (credentials.kind !== 'found') return { verdict: verdictOfCredentials(credentials), facts: { kind: 'unknown' } };
    const account = context.accounts.of(credentials.credentials);
    const forbidden = forbidsAsking(spec, await namespaceGuard(object, context, signal));
    if (forbidden !== undefined) return { verdict: forbidden, facts: { kind: 'none' } };
    const resolution = await resolveUser(spec, object.status.userID, account, signal);
    // Who was assigned stays known while it is to be revoked, though the login may have been renamed meanwhile.
    if (resolution.kind === 'not')
      return { verdict: resolution.verdict, facts: { kind: hasFinalizer(object) ? 'unknown' : 'none' } };
    return await assign(object, spec, account, resolution.user, context, signal);
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    context.log.debug('Acronis did not answer as hoped', {
      object: object.key,
      kind: error.kind,
      detail: error.detail,
    });
    const atLeast = error.retryAfterMs === undefined ? {} : { atLeastMs: error.retryAfterMs };
    return { verdict: verdictOfError(error), facts: { kind: 'unknown' }, ...atLeast };
  }
}

async function assign(
  object: TenantUserUpsell,
  spec: Spec,
  account: Account,
  user: User,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<Look> {
  const { fleet } = context;
  const guard = (each: TenantUserUpsell) => namespaceGuard(each, context, signal);
  let held = hasFinalizer(object);
  /** Whoever is to take a type away again must be on the object before the type is assigned. */
  const hold = async () => {
    if (held || spec.deletionPolicy !== 'Revoke') return;
    await addFinalizer(context.client, object, signal);
    held = true;
  };
  const decide = async (current: User) =>
    plan(spec, current, { guard: await guard(object), rival: await rivalOf(object, current, fleet, guard) });
  const result = await write(
    { account, user, decide, prepare: hold, record: auditOf('assign', object, context) },
    signal,
  );
  if (result.kind === 'settled' && result.plan.kind === 'nothing' && spec.managementPolicy === 'Enforce') await hold();
  if (hasFinalizer(object) && (spec.deletionPolicy !== 'Revoke' || spec.managementPolicy !== 'Enforce'))
    await removeFinalizer(context.client, object, signal);
  return lookOf(result);
}

function lookOf(result: WriteResult): Look {
  switch (result.kind) {
    case 'settled': {
      const { plan: settled, user } = result;
      const applied = result.applied === undefined ? {} : { applied: result.applied };
      if (settled.kind === 'nothing') return { verdict: assignedVerdict, facts: { kind: 'user', user }, ...applied };
      return {
        verdict: settled.verdict,
        facts: settled.secret ? { kind: 'none' } : { kind: 'user', user },
        ...applied,
      };
    }
    case 'gone':
      return { verdict: userGoneVerdict, facts: { kind: 'none' } };
    case 'notApplied':
      return { verdict: notAppliedVerdict, facts: { kind: 'user', user: result.user } };
    case 'conflict':
      return { verdict: conflictVerdict, facts: { kind: 'unknown' } };
  }
}
