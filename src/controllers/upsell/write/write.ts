/**
 * One write to Acronis: PUT with the revision that was read, and what is known of the user afterwards. What was not responded to, or was refused, is read
 * before anything is sent again, so that no change of another writer is lost and none of ours is sent twice. It is a conflict only if that read shows
 * another revision; otherwise it is a refusal, and `tries.ts` says when the next write may leave.
 */
import type { AcronisWrites } from '../../../acronis/api.ts';
import { AcronisError } from '../../../acronis/errors.ts';
import { type Revision, type User, withShown } from '../../../acronis/user.ts';
import type { Verdict } from '../../../api/conditions.ts';
import type { TenantUserUpsell } from '../../../api/object.ts';
import type { Account } from '../../../fleet/accounts/accounts.ts';
import { read } from '../ask/ask.ts';
import type { Evidence, FoundBy } from '../assess/evidence.ts';
import type { Owed } from '../assess/owed.ts';
import type { ReconcileContext } from '../context.ts';
import { conflictVerdict, notAConflictVerdict, verdictOfError } from '../verdicts/verdicts.ts';
import { type AuditedWrite, auditWrite } from './audit.ts';
import { type ObjectTries, writeBasis } from './tries.ts';

/** One applied write: the revision before and after it. */
export interface Applied {
  readonly from: Revision;
  readonly to: Revision;
  /** Milliseconds from the change of the user before this write to the write, by Acronis's clock; undefined where its responses do not show both. */
  readonly afterMs: number | undefined;
}

export interface WriteEnd {
  /** What is known of the user now. */
  readonly evidence: Evidence;
  readonly applied?: Applied;
  /** The same write may leave again, a few times: this is what to report when it has. */
  readonly again?: Verdict;
}

export interface WriteOptions<W> {
  readonly object: TenantUserUpsell;
  readonly account: Account<W>;
  /** How the user was found. */
  readonly by: FoundBy;
  readonly tries: ObjectTries;
}

interface RealOptions extends WriteOptions<AcronisWrites> {
  readonly context: Pick<ReconcileContext, 'log' | 'metrics'>;
}

export type OwedWrite = Owed & { kind: 'write' };

/** @throws AcronisError where the write never left or proves nothing, or where the read after it failed; the signal's reason once it is aborted. */
export async function write(owed: OwedWrite, options: RealOptions, signal: AbortSignal): Promise<WriteEnd> {
  const { object, account, by, tries, context } = options;
  const { action, user, change } = owed;
  const audit = auditWrite(action, object, change.version, context);
  try {
    const shown = await account.writes.putBusinessTypes(user.id, change, signal, audit.onSent);
    const evidence: Evidence =
      shown === undefined
        ? await read(user.id, by, account, signal)
        : { kind: 'seen', user: withShown(user, shown), by };
    if (evidence.kind !== 'seen') return { evidence };
    if (isDone(owed, evidence.user)) return applied(owed, evidence, tries, audit, 'applied');
    audit.end('notApplied', evidence.user.version);
    tries.ignored(writeBasis(object, account.id), object);
    return { evidence };
  } catch (error) {
    if (!(error instanceof AcronisError)) throw error;
    return await afterFailure(owed, error, options, audit, signal);
  } finally {
    audit.end('unknown');
  }
}

async function afterFailure(
  owed: OwedWrite,
  error: AcronisError,
  { object, account, by, tries }: RealOptions,
  audit: AuditedWrite,
  signal: AbortSignal,
): Promise<WriteEnd> {
  if (!error.outcomeUnknown) audit.end(error.kind);
  if (!isAboutTheWrite(error)) throw error;
  const evidence = await read(owed.user.id, by, account, signal);
  if (evidence.kind !== 'seen') return { evidence };
  const { user } = evidence;
  if (error.outcomeUnknown && isDone(owed, user)) return applied(owed, evidence, tries, audit, 'confirmed');
  if (error.outcomeUnknown && !isPage(error)) {
    const again = verdictOfError(error);
    tries.withoutResponse(writeBasis(object, account.id), user, again);
    return { evidence, again };
  }
  const isConflict = error.kind === 'conflict';
  if (isConflict && user.version !== owed.change.version) return { evidence, again: conflictVerdict };
  const verdict = isConflict ? notAConflictVerdict(error.detail) : verdictOfError(error);
  tries.refused(writeBasis(object, account.id), user, verdict);
  return { evidence };
}

function applied(
  { change, user: before }: OwedWrite,
  evidence: Evidence & { kind: 'seen' },
  tries: ObjectTries,
  audit: AuditedWrite,
  outcome: 'applied' | 'confirmed',
): WriteEnd {
  const to = evidence.user.version;
  audit.end(outcome, to);
  tries.applied();
  return { evidence, applied: { from: change.version, to, afterMs: timeBetween(before, evidence.user) } };
}

function timeBetween({ updatedAt: from }: User, { updatedAt: to }: User): number | undefined {
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}

/** Whether the user is as the write was to leave it. */
const isDone = ({ action, types }: OwedWrite, user: User): boolean =>
  action === 'assign'
    ? types.every((type) => user.businessTypes.includes(type))
    : !types.some((type) => user.businessTypes.includes(type));

/** Whether it says something about this write, so that a read is due; the rest is about the account or the way to it. */
function isAboutTheWrite(error: AcronisError): boolean {
  if (error.outcomeUnknown) return true;
  switch (error.kind) {
    case 'conflict':
    case 'rejected':
    case 'forbidden':
    case 'notFound':
      return true;
    case 'unavailable':
    case 'throttled':
    case 'credentials':
    case 'urlNotAllowed':
      return false;
  }
}

/** A response that came and is not the API's: the next one will be the same, other than after an outage. */
const isPage = ({ status }: AcronisError): boolean => status >= 200 && status < 500 && status !== 408;
