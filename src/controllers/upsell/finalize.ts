/**
 * The end of an object that is to take its types away again (`deletionPolicy: Revoke`): the same read, plan and write, then the finalizer goes.
 * Deletion never hangs for ever. A user that is gone is done; another live object that names the user keeps the types; credentials that went first are tried
 * from memory; and after `--revoke-give-up-after` the object is let go, saying loudly what may have stayed. A user that was found by login is the one of the
 * status: the types are where they were put, whatever its login is by now.
 */

import { AcronisError } from '../../acronis/errors.ts';
import type { Verdict } from '../../api/conditions.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Spec } from '../../api/spec.ts';
import type { Account } from '../../fleet/accounts/accounts.ts';
import { heirOf } from '../../fleet/claims.ts';
import { namedUser, sourceOf } from '../../fleet/objects.ts';
import { forbidsAsking, namespaceGuard } from '../../fleet/tenancy.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
import type { Outcome } from '../../runtime/controller/controller.ts';
import { auditOf, type ReconcileContext } from './context.ts';
import { hasFinalizer, removeFinalizer } from './patches.ts';
import { planRevoke } from './plan.ts';
import { eventSubject, report } from './report.ts';
import { resolveUser } from './resolve.ts';
import { soon, untilAnswered } from './retry.ts';
import { conflictVerdict, notAppliedVerdict, verdictOfCredentials, verdictOfError } from './verdicts.ts';
import { write } from './write.ts';

type RevokeResult =
  /** There is nothing left to take away; `message` tells what was done, where anything was. */
  | { readonly kind: 'done'; readonly message?: string }
  /** Nobody can say any more what is to be taken away. */
  | { readonly kind: 'lost'; readonly verdict: Verdict }
  | { readonly kind: 'held'; readonly verdict: Verdict; readonly atLeastMs?: number };

/** @param deletedAt when the deletion was asked for: wall time in milliseconds. @throws KubernetesError, or the signal's reason. */
export async function finalize(
  object: TenantUserUpsell,
  deletedAt: number,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<Outcome> {
  if (!hasFinalizer(object)) return { kind: 'done' };
  const { client, clock, events, revokeGiveUpAfterMs } = context;
  const isDue = revokeGiveUpAfterMs > 0 && clock.wall() - deletedAt >= revokeGiveUpAfterMs;
  const result = await revoke(object, context, signal).catch((error: unknown): RevokeResult => {
    // A Secret or namespace that the API server will not show must not hold the object either.
    if (isDue && error instanceof KubernetesError) return { kind: 'held', verdict: clusterVerdict };
    throw error;
  });
  if (result.kind === 'done') {
    await removeFinalizer(client, object, signal);
    if (result.message !== undefined) events.normal(eventSubject(object), 'Revoked', result.message);
    return { kind: 'done' };
  }
  if (isDue || result.kind === 'lost') return await giveUp(object, result.verdict, context, signal);
  const verdict = {
    ...result.verdict,
    message: `Deletion waits to take the types away again. ${result.verdict.message}`,
  };
  await report(object, { verdict, facts: { kind: 'unknown' } }, context, signal);
  const policy = verdict.reason === 'Unavailable' ? untilAnswered : soon;
  return { kind: 'retry', policy, ...(result.atLeastMs === undefined ? {} : { atLeastMs: result.atLeastMs }) };
}

async function giveUp(
  object: TenantUserUpsell,
  verdict: Verdict,
  { client, events, log, metrics }: ReconcileContext,
  signal: AbortSignal,
): Promise<Outcome> {
  await removeFinalizer(client, object, signal);
  const user = namedUser(object);
  metrics.revocationGivenUp();
  log.error('a revocation was given up: the types may still be assigned', {
    object: object.key,
    user,
    reason: verdict.reason,
  });
  events.warning(
    eventSubject(object),
    'RevocationGivenUp',
    `The types may still be assigned to user ${user ?? '(never found)'}. Take them away at Acronis by hand. Why: ${verdict.message}`,
  );
  return { kind: 'done' };
}

const clusterVerdict: Verdict = {
  reason: 'Unavailable',
  message: 'The API server did not show the Secret or the namespace that is needed to take the types away.',
};

async function revoke(object: TenantUserUpsell, context: ReconcileContext, signal: AbortSignal): Promise<RevokeResult> {
  if (!object.spec.ok)
    return {
      kind: 'lost',
      verdict: { reason: 'InvalidSpec', message: `The spec cannot be read: ${object.spec.problem}.` },
    };
  const spec = object.spec.value;
  if (spec.deletionPolicy !== 'Revoke' || spec.managementPolicy !== 'Enforce') return { kind: 'done' };
  try {
    const source = sourceOf(object);
    const read = await context.sources.read(source, signal);
    const credentials = read.kind === 'found' ? read.credentials : context.sources.lastGood(source);
    if (credentials === undefined) {
      if (read.kind === 'found') throw new Error('credentials that were found are defined');
      return { kind: 'held', verdict: verdictOfCredentials(read) };
    }
    return await takeAway(object, spec, context.accounts.of(credentials), context, signal);
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    context.log.debug('Acronis did not answer as hoped', {
      object: object.key,
      kind: error.kind,
      detail: error.detail,
    });
    // The tenant in which the login would be searched is gone, and its users with it.
    if (error.kind === 'notFound') return { kind: 'done' };
    const atLeast = error.retryAfterMs === undefined ? {} : { atLeastMs: error.retryAfterMs };
    return { kind: 'held', verdict: verdictOfError(error), ...atLeast };
  }
}

async function takeAway(
  object: TenantUserUpsell,
  spec: Spec,
  account: Account,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<RevokeResult> {
  const guard = (each: TenantUserUpsell) => namespaceGuard(each, context, signal);
  const forbidden = forbidsAsking(spec, await guard(object));
  if (forbidden !== undefined) return { kind: 'held', verdict: forbidden };
  const resolution = await resolveUser({ ...spec, userID: namedUser(object) }, undefined, account, signal);
  if (resolution.kind === 'not')
    return resolution.verdict.reason === 'UserNotFound'
      ? { kind: 'done' }
      : { kind: 'held', verdict: resolution.verdict };
  const { user } = resolution;
  const heir = await heirOf(object, user, context.fleet, guard);
  if (heir !== undefined)
    return { kind: 'done', message: `The user keeps the types: another object, ${heir}, names it too.` };
  const result = await write(
    {
      account,
      user,
      decide: async (current) => planRevoke(spec, current, await guard(object)),
      prepare: async () => {},
      record: auditOf('revoke', object, context),
    },
    signal,
  );
  switch (result.kind) {
    case 'gone':
      return { kind: 'done' };
    case 'notApplied':
      return { kind: 'held', verdict: notAppliedVerdict };
    case 'conflict':
      return { kind: 'held', verdict: conflictVerdict };
    case 'settled': {
      if (result.plan.kind === 'refuse') return { kind: 'held', verdict: result.plan.verdict };
      const { applied } = result;
      if (applied === undefined) return { kind: 'done' };
      const types = spec.businessTypes.join(', ');
      return { kind: 'done', message: `Took ${types} from the user again, revision ${applied.from} to ${applied.to}.` };
    }
  }
}
