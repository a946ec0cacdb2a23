/**
 * The words of `status.conditions` of a TenantUpsellPolicy: `Ready` (does every user that matches have its child, and no other user) and, while a person has to
 * do something, `Stalled`. Children say for themselves how they are; the policy counts them.
 */
import { type Condition, inPlaceOf, type Reason, transitioned } from '../conditions.ts';

interface Meaning {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly stalled: boolean;
}

const meanings = {
  /** Every user that matches has its child, and no other child is left. */
  Applied: { status: 'True', stalled: false },
  Pending: { status: 'Unknown', stalled: false },
  Suspended: { status: 'Unknown', stalled: false },
  /** Children are being made or removed, as fast as the brakes allow. */
  Progressing: { status: 'Unknown', stalled: false },
  /** More children would go than maxRemovals allows: a person has to let them through. */
  Braked: { status: 'False', stalled: true },
  /** More users match than maxUsers allows. */
  TooManyUsers: { status: 'False', stalled: true },
  /** The API client is not shown the tenant of the selection. */
  TenantNotFound: { status: 'False', stalled: true },
  Throttled: { status: 'False', stalled: false },
  Unavailable: { status: 'False', stalled: false },
  NamespaceNotAllowed: { status: 'False', stalled: true },
  AccessDenied: { status: 'False', stalled: true },
  Rejected: { status: 'False', stalled: true },
  CredentialsMissing: { status: 'False', stalled: true },
  CredentialsRejected: { status: 'False', stalled: true },
  UrlNotAllowed: { status: 'False', stalled: true },
  AccountNotFound: { status: 'False', stalled: true },
  AccountNotAllowed: { status: 'False', stalled: true },
  InvalidSpec: { status: 'False', stalled: true },
} as const satisfies Record<string, Meaning>;

export type PolicyReason = keyof typeof meanings;
export const policyReasons = Object.keys(meanings).filter((name): name is PolicyReason =>
  Object.hasOwn(meanings, name),
);
export const meaningOfPolicy = (reason: PolicyReason): Meaning => meanings[reason];

/** How a policy is. The message is a sentence that says what to do next, and the same for as long as the same is the matter; it names no person. */
export interface PolicyVerdict {
  readonly reason: PolicyReason;
  readonly message: string;
}

/** The reason that a verdict about an account or a namespace has here; undefined for one that speaks of a single user. */
export const policyReasonOf = (reason: Reason): PolicyReason | undefined =>
  policyReasons.find((each) => each === reason);

const ownTypes: ReadonlySet<string> = new Set(['Ready', 'Stalled']);

/** The conditions that say so, of generation `generation`, beside those of other writers. */
export function policyConditions(
  verdict: PolicyVerdict,
  generation: number,
  previous: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  const { status, stalled } = meanings[verdict.reason];
  const at = (condition: Parameters<typeof transitioned>[0]) => transitioned(condition, generation, previous, nowMs);
  const own = [at({ type: 'Ready', status, ...verdict })];
  if (stalled) own.push(at({ type: 'Stalled', status: 'True', ...verdict }));
  return inPlaceOf(previous, own, ownTypes);
}
