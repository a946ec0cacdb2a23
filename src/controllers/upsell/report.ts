/**
 * How a look is told: the object's status where it differs, and an Event where something became different. A write to Acronis is an event
 * of its own, since it may leave the condition as it was.
 */
import { meaningOf, type Verdict } from '../../api/conditions.ts';
import { apiGroup, apiVersion, tenantUserUpsells } from '../../api/names.ts';
import type { TenantUserUpsell } from '../../api/object.ts';
import type { Status } from '../../api/status.ts';
import type { Clock } from '../../base/clock.ts';
import type { KubernetesClient } from '../../kubernetes/calls/client.ts';
import type { EventRecorder, EventSubject } from '../../kubernetes/events/recorder.ts';
import { patchStatus } from './patches.ts';
import { conditionOf, type Facts, statusOf, statusPatch } from './status.ts';
import type { Applied } from './write.ts';

/** How a look at an object ended. */
export interface Look {
  readonly verdict: Verdict;
  readonly facts: Facts;
  /** A write that was applied on the way. */
  readonly applied?: Applied;
  /** When the next look makes sense at the earliest. */
  readonly atLeastMs?: number;
}

export interface ReportOptions {
  readonly client: KubernetesClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/** @returns the status as it is now. @throws KubernetesError, or the signal's reason once it is aborted; then nothing was told. */
export async function report(
  object: TenantUserUpsell,
  look: Look,
  options: ReportOptions,
  signal: AbortSignal,
): Promise<Status> {
  const { client, events, clock } = options;
  const { verdict, applied } = look;
  const status = statusOf(object, verdict, look.facts, clock.wall());
  const patch = statusPatch(object.status, status);
  if (patch !== undefined) await patchStatus(client, object, patch, signal);
  tell(object, verdict, applied, events);
  return patch === undefined ? object.status : status;
}

function tell(
  object: TenantUserUpsell,
  verdict: Verdict,
  applied: Applied | undefined,
  events: Pick<EventRecorder, 'normal' | 'warning'>,
): void {
  const about = eventSubject(object);
  if (applied !== undefined)
    events.normal(
      about,
      'Assigned',
      `Assigned ${wanted(object)} to the user, revision ${applied.from} to ${applied.to}.`,
    );
  const before = conditionOf(object.status, 'Ready');
  if (before?.reason === verdict.reason || (applied !== undefined && verdict.reason === 'BuyerAssigned')) return;
  if (meaningOf(verdict.reason).ready === 'False') events.warning(about, verdict.reason, verdict.message);
  else events.normal(about, verdict.reason, verdict.message);
}

const wanted = (object: TenantUserUpsell): string => (object.spec.ok ? object.spec.value.businessTypes.join(', ') : '');

export const eventSubject = ({ namespace, name, uid, resourceVersion }: TenantUserUpsell): EventSubject => ({
  apiVersion: `${apiGroup}/${apiVersion}`,
  kind: tenantUserUpsells.kind,
  namespace,
  name,
  uid,
  resourceVersion,
});
