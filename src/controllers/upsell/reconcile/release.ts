/**
 * The end of an object that was held: its finalizer goes. With a proof that nothing is left to revoke, or, after trying for long enough, without one: then
 * event, log and metric name what may have stayed.
 */
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { rememberedAssignment } from '../assess/memory.ts';
import type { ReconcileContext } from '../context.ts';
import { eventSubject, revisions, wanted } from '../report/report.ts';
import { removeFinalizer } from '../write/finalizers.ts';
import type { Applied } from '../write/write.ts';

/**
 * @param why nothing is left to revoke, where that is worth an event.
 * @param applied the write that revoked the types, if one was needed.
 * @throws KubernetesError, or the signal's reason.
 */
export async function release(
  object: TenantUserUpsell,
  why: string | undefined,
  applied: Applied | undefined,
  { client, events }: Pick<ReconcileContext, 'client' | 'events'>,
  signal: AbortSignal,
): Promise<void> {
  await removeFinalizer(client, object, signal);
  const message = applied === undefined ? why : `Revoked ${wanted(object)} of the user, ${revisions(applied)}.`;
  if (message !== undefined) events.normal(eventSubject(object), 'Revoked', message);
}

/** @throws as `release`. */
export async function giveUp(
  object: TenantUserUpsell,
  { reason, message }: Verdict,
  { client, events, log, metrics }: Pick<ReconcileContext, 'client' | 'events' | 'log' | 'metrics'>,
  signal: AbortSignal,
): Promise<void> {
  const user = rememberedAssignment(object)?.userID;
  await removeFinalizer(client, object, signal);
  metrics.revocationGivenUp();
  log.error('a revocation was given up: the types may still be assigned', { object: object.key, user, reason });
  events.warning(
    eventSubject(object),
    'RevocationGivenUp',
    user === undefined
      ? `Nothing was revoked. ${message}`
      : `The types may still be assigned to user ${user}. Revoke them at Acronis by hand. Why: ${message}`,
  );
}
