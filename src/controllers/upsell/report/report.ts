/**
 * How a reconcile is reported: the object's status where it differs, and an Event where something became different. A write to Acronis is an event of its
 * own, since it may leave the condition as it was.
 */
import { meaningOfVerdict, type Reason, type Verdict } from '../../../api/conditions.ts';
import { tenantUserUpsells } from '../../../api/names.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import { conditionOf, type Status } from '../../../api/status.ts';
import type { Clock } from '../../../base/clock.ts';
import type { FailureReports } from '../../../fleet/status/failure-reports.ts';
import { patchStatus, type StatusWriter } from '../../../fleet/status/patch.ts';
import type { WritesInFlight } from '../../../fleet/status/writes-in-flight.ts';
import type { EventRecorder } from '../../../kubernetes/events/recorder.ts';
import { type EventSubject, subjectOf } from '../../../kubernetes/events/subject.ts';
import type { Findings } from '../assess/owed.ts';
import type { Applied } from '../write/write.ts';
import type { MissingLinks } from './missing-links.ts';
import { statusOf, statusPatch } from './status.ts';

export interface ReportOptions extends StatusWriter {
  readonly events: EventRecorder;
  readonly failureReports: FailureReports;
  readonly writesInFlight: Pick<WritesInFlight, 'begin'>;
  readonly missingLinks: MissingLinks;
  readonly clock: Clock;
}

/**
 * @param applied a write that was applied on the way.
 * @returns the status as it is now.
 * @throws KubernetesError, or the signal's reason once it is aborted; then nothing was reported.
 */
export async function report(
  object: TenantUserUpsell,
  findings: Findings,
  applied: Applied | undefined,
  { client, pruned, events, failureReports, writesInFlight, missingLinks, clock }: ReportOptions,
  signal: AbortSignal,
): Promise<Status> {
  const status = statusOf(object, findings, clock.wall());
  const patch = statusPatch(object.status, status);
  if (patch !== undefined) {
    const endTurn = isOfAccount(findings.verdict) ? await failureReports.turn(object.key, signal) : undefined;
    const endWrite = writesInFlight.begin(object.key);
    try {
      await patchStatus({ client, pruned }, tenantUserUpsells, object, patch, signal);
    } finally {
      endWrite();
      endTurn?.();
    }
  }
  notify(object, findings.verdict, applied, events);
  missingLinks.reported(eventSubject(object), object.status, status);
  return patch === undefined ? object.status : status;
}

/** Failures that all objects of an account have in the same moment. */
const ofAccount: ReadonlySet<Reason> = new Set<Reason>([
  'Throttled',
  'Unavailable',
  'CredentialsMissing',
  'CredentialsRejected',
  'UrlNotAllowed',
  'AccountNotFound',
  'AccountNotAllowed',
]);
const isOfAccount = ({ reason }: Verdict): boolean => ofAccount.has(reason);

const fails = (verdict: Verdict): boolean => meaningOfVerdict(verdict).ready === 'False';

function notify(
  object: TenantUserUpsell,
  verdict: Verdict,
  applied: Applied | undefined,
  events: Pick<EventRecorder, 'normal' | 'warning'>,
): void {
  const about = eventSubject(object);
  if (applied !== undefined)
    events.normal(about, 'Assigned', `Assigned ${wanted(object)} to the user, ${revisions(applied)}.`);
  const before = conditionOf(object.status, 'Ready');
  if (before?.reason === verdict.reason || (applied !== undefined && verdict.reason === 'BuyerAssigned')) return;
  if (fails(verdict)) events.warning(about, verdict.reason, verdict.message);
  else events.normal(about, verdict.reason, verdict.message);
}

/** The types that the object names, for a sentence. */
export const wanted = ({ spec }: TenantUserUpsell): string => (spec.ok ? spec.value.businessTypes.join(', ') : '');

export const revisions = ({ from, to }: Applied): string => `revision ${from} to ${to}`;

export const eventSubject = (object: TenantUserUpsell): EventSubject => subjectOf(tenantUserUpsells, object);
