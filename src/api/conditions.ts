/**
 * The words of `status.conditions`: every reason that `Ready` can have and what it means for a reader and for the next try.
 * kubectl wait, kstatus (Flux), Argo CD and Helm read `Ready` and `Stalled` by these.
 */
import { timestamp } from '../base/timestamp.ts';
import { type InformedReason, meaningOfInformed } from './informed.ts';

type Meaning = {
  readonly ready: 'True' | 'False' | 'Unknown';
  /** True: nothing changes until a person does something. It is still tried again, slowly. */
  readonly stalled: boolean;
};

const meanings = {
  BuyerAssigned: { ready: 'True', stalled: false },
  Pending: { ready: 'Unknown', stalled: false },
  Suspended: { ready: 'Unknown', stalled: false },
  NotAssigned: { ready: 'False', stalled: false },
  Throttled: { ready: 'False', stalled: false },
  Unavailable: { ready: 'False', stalled: false },
  VersionConflict: { ready: 'False', stalled: false },
  NotApplied: { ready: 'False', stalled: false },
  UserNotFound: { ready: 'False', stalled: true },
  LoginChanged: { ready: 'False', stalled: true },
  UserAmbiguous: { ready: 'False', stalled: true },
  TenantMismatch: { ready: 'False', stalled: true },
  NamespaceNotAllowed: { ready: 'False', stalled: true },
  AccessDenied: { ready: 'False', stalled: true },
  Rejected: { ready: 'False', stalled: true },
  CredentialsMissing: { ready: 'False', stalled: true },
  CredentialsRejected: { ready: 'False', stalled: true },
  UrlNotAllowed: { ready: 'False', stalled: true },
  AccountNotFound: { ready: 'False', stalled: true },
  AccountNotAllowed: { ready: 'False', stalled: true },
  DuplicateClaim: { ready: 'False', stalled: true },
  InvalidSpec: { ready: 'False', stalled: true },
} as const satisfies Record<string, Meaning>;

export type Reason = keyof typeof meanings;
export const reasons = Object.keys(meanings).filter((name): name is Reason => Object.hasOwn(meanings, name));
export const meaningOf = (reason: Reason): Meaning => meanings[reason];

/** How a reconcile ended. The message is a sentence that says what to do next; it names no person. */
export interface Verdict {
  readonly reason: Reason;
  readonly message: string;
  /** Stalled although its reason need not be: it has lasted for too long to pass by itself. */
  readonly stalled?: boolean;
}

/** What a verdict means for a reader and for the next try. */
export function meaningOfVerdict({ reason, stalled }: Verdict): Meaning {
  const meaning = meanings[reason];
  return { ready: meaning.ready, stalled: meaning.stalled || stalled === true };
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number | undefined;
  /** RFC 3339, whole seconds, as the API server writes its own. */
  readonly lastTransitionTime: string;
}

const never = '1970-01-01T00:00:00Z';

/** The API server shows this on an object that no operator has reconciled: it is the CRD's default for `status`. */
export const pendingCondition: Condition = {
  type: 'Ready',
  status: 'Unknown',
  reason: 'Pending',
  message: 'Waiting for the operator. If this stays, see whether it runs and watches this namespace.',
  lastTransitionTime: never,
};

/** The types that the operator writes; conditions of other types are another writer's, and stay as they are. */
const ownTypes: ReadonlySet<string> = new Set(['Ready', 'Stalled', 'Informed']);

/**
 * The conditions that say `verdict` of generation `generation`. `lastTransitionTime` moves only when a condition's status does.
 * `Stalled` is there only while it is true, as kstatus and Flux have it.
 * @param informed of which user it speaks, if of any; `asBefore` where the user could not be asked.
 */
export function conditionsOf(
  verdict: Verdict,
  informed: InformedReason | 'asBefore' | undefined,
  generation: number,
  previous: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  const { ready, stalled } = meaningOfVerdict(verdict);
  const condition = (
    type: 'Ready' | 'Stalled' | 'Informed',
    said: Pick<Condition, 'status' | 'reason' | 'message'>,
  ): Condition => transitioned({ type, ...said }, generation, previous, nowMs);
  const { reason, message } = verdict;
  const own = [condition('Ready', { status: ready, reason, message })];
  if (stalled) own.push(condition('Stalled', { status: 'True', reason, message }));
  const informedBefore = previous.find(({ type }) => type === 'Informed');
  if (informed === 'asBefore') own.push(...(informedBefore === undefined ? [] : [informedBefore]));
  else if (informed !== undefined)
    own.push(condition('Informed', { reason: informed, ...meaningOfInformed(informed) }));
  return inPlaceOf(previous, own, ownTypes);
}

/** A condition of generation `generation`; its time is that of the one before where the status is the same. */
export function transitioned(
  { type, status, reason, message }: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  generation: number,
  previous: readonly Condition[],
  nowMs: number,
): Condition {
  // The time of the CRD's default is when nothing had happened yet.
  const before = previous.find((each) => each.type === type && each.lastTransitionTime !== never);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timestamp(nowMs);
  return { type, status, reason, message, observedGeneration: generation, lastTransitionTime };
}

/** The own conditions, of these types, among those of other writers: in the order that is stored, so that another writer's order costs no write either. */
export function inPlaceOf(
  previous: readonly Condition[],
  own: readonly Condition[],
  types: ReadonlySet<string>,
): readonly Condition[] {
  const left = new Map(own.map((each) => [each.type, each]));
  const kept = previous.flatMap((each) => {
    if (!types.has(each.type)) return [each];
    const now = left.get(each.type);
    left.delete(each.type);
    return now === undefined ? [] : [now];
  });
  return [...kept, ...left.values()];
}

/** The reason of `Ready`, or `Pending` where there is no such condition. */
export const conditionReason = (conditions: readonly Condition[] | undefined): string =>
  conditions?.find((each) => each.type === 'Ready')?.reason ?? pendingCondition.reason;
