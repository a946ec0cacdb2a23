/** What a policy's condition says. The sentences are the same for as long as the same is the matter; they name no person. */
import type { AcronisError, AcronisErrorKind } from '../../acronis/errors.ts';
import { approveAnnotation, tenantIdLabel, tenantUpsellPolicies } from '../../api/names.ts';
import type { PolicyReason, PolicyVerdict } from '../../api/policy/conditions.ts';
import type { TenantUpsellPolicy } from '../../api/policy/object.ts';
import type { PolicySpec } from '../../api/policy/spec.ts';
import type { Hidden } from '../../fleet/selection/select.ts';
import type { Held } from './plan/plan.ts';

export const reasonOfKind = {
  unavailable: 'Unavailable',
  urlNotAllowed: 'UrlNotAllowed',
  throttled: 'Throttled',
  credentials: 'CredentialsRejected',
  forbidden: 'AccessDenied',
  notFound: 'TenantNotFound',
  conflict: 'Unavailable',
  rejected: 'Rejected',
} as const satisfies Readonly<Record<AcronisErrorKind, PolicyReason>>;

const untouched = 'Children stay as they are until all users could be listed.';

export const tenantNotFound: PolicyVerdict = {
  reason: 'TenantNotFound',
  message: `Acronis does not show spec.tenantID to this API client: the id may be wrong or of another data center, or the tenant has hidden itself. ${untouched}`,
};

/** The same for a tenant of others and for one that does not exist, so that they cannot be distinguished. */
export const outsideTheLabel: PolicyVerdict = {
  reason: 'NamespaceNotAllowed',
  message: `Acronis does not show that spec.tenantID is the tenant that the namespace's label ${tenantIdLabel} names, or one below it. Move the policy to that tenant's namespace.`,
};

export const listingFailed = ({ kind, message }: Pick<AcronisError, 'kind' | 'message'>): PolicyVerdict =>
  kind === 'notFound' ? tenantNotFound : { reason: reasonOfKind[kind], message: `${message} ${untouched}` };

/** @param why in few words. */
export const listingIncomplete = (why: string): PolicyVerdict => ({
  reason: 'Unavailable',
  message: `The list of users was not complete: ${why}. It proves nothing, so nobody is removed. It is read again by itself.`,
});

export const listingGivenUp: PolicyVerdict = {
  reason: 'Unavailable',
  message: `The list of users took too long and was given up. ${untouched} It is tried again by itself; narrow the selection, or raise the account's rate, if this stays.`,
};

export const suspendedVerdict: PolicyVerdict = {
  reason: 'Suspended',
  message: 'spec.suspend is true: no child is made, changed or removed. Set it to false to go on.',
};

export const invalidSpecVerdict = (problem: string): PolicyVerdict => ({
  reason: 'InvalidSpec',
  message: `${problem}. Correct the policy.`,
});

type Named = Pick<TenantUpsellPolicy, 'namespace' | 'name' | 'approved'>;

export interface Facts {
  readonly matched: number;
  /** By id, users that may match, and what is not shown of each. */
  readonly unjudged: ReadonlyMap<string, Hidden>;
  /** Those that are not being deleted. */
  readonly children: number;
  /** Something is left to be done now. */
  readonly isDue: boolean;
  readonly held: Held;
}

/** Of a policy whose users are listed. */
export function verdictOf(policy: Named, spec: PolicySpec, facts: Facts): PolicyVerdict {
  const { matched, unjudged } = facts;
  const { reason, message } = verdictOfJudged(policy, spec, facts);
  if (unjudged.size === 0) return { reason, message };
  // It keeps no user, and may have to keep all of these.
  if (matched === 0 && reason === 'Applied') return noneJudged(unjudged);
  return {
    reason,
    message: `${message} ${unjudged.size} users could not be judged, since Acronis does not show ${hiddenOf(unjudged)}: their children stay, and none is made for them.`,
  };
}

function verdictOfJudged(policy: Named, spec: PolicySpec, { matched, children, isDue, held }: Facts): PolicyVerdict {
  if (held.tooMany) return tooManyUsers(policy, spec.limits.maxUsers, matched);
  if (held.braked !== undefined) return braked(policy, spec.limits.maxRemovals, children, held.braked);
  if (held.waiting > 0 && held.waitMs > 0)
    return {
      reason: 'Progressing',
      message: `${held.waiting} more users match; limits.maxNewPerHour lets ${spec.limits.maxNewPerHour} children an hour through. To let more through: ${patch(policy, 'maxNewPerHour', 0)}`,
    };
  if (isDue || held.waiting > 0)
    return { reason: 'Progressing', message: 'Children are being made, changed or removed.' };
  if (held.taken > 0) return nameTaken(held.taken);
  return { reason: 'Applied', message: [applied, left(held.left), unproved(held.unproved)].join('') };
}

export const hiddenWords = {
  roles: 'roles',
  login: 'login',
  enabled: 'state',
  tenantKind: 'kind of tenant',
  tenantPlace: 'place of the tenant',
} as const satisfies Readonly<Record<Hidden, string>>;

/** In the same order however the list is ordered. */
const hiddenOf = (unjudged: Facts['unjudged']): string =>
  `their ${[...new Set(unjudged.values())]
    .map((what) => hiddenWords[what])
    .toSorted()
    .join(' or ')}`;

const noneJudged = (unjudged: Facts['unjudged']): PolicyVerdict => ({
  reason: 'Unavailable',
  message: `None of the ${unjudged.size} users that may match could be judged, since Acronis does not show ${hiddenOf(unjudged)}: their children stay, and none is made. Look at what the API client may read; they are read again by themselves.`,
});

const applied = 'Each user that matches has its object.';
const left = (count: number): string =>
  count === 0 ? '' : ` ${count} of them are left to an object that was written by hand, or to an older policy.`;
const unproved = (count: number): string =>
  count === 0
    ? ''
    : ` ${count} children stay although the list does not show their users: that these match no more is not proved to this API client. Delete those by hand that are to go.`;

/** @param status the first response's. */
export const childrenRefused = (status: number): PolicyVerdict => ({
  reason: 'Rejected',
  message: `The API server refuses children of this policy (${status}): a quota of the namespace, an admission policy or a missing right may be why; the operator's log has what it says. It is tried again by itself.`,
});

const nameTaken = (count: number): PolicyVerdict => ({
  reason: 'Progressing',
  message: `${count} users that match have no child: other objects have the names of theirs (u- and the user's id). Children of a deleted policy go by themselves, and those of a younger one once it can list its users and is not suspended; look at those of others, and delete the ones that are not needed.`,
});

const tooManyUsers = (policy: Named, maxUsers: number, matched: number): PolicyVerdict => ({
  reason: 'TooManyUsers',
  message: `${matched} users match, and limits.maxUsers is ${maxUsers}: no child is made or removed. Narrow the selection or raise the limit: ${patch(policy, 'maxUsers', matched)}`,
});

function braked(
  policy: Named,
  percent: number,
  children: number,
  { count, why }: NonNullable<Held['braked']>,
): PolicyVerdict {
  const reason = {
    tooMany: `which is more than ${percent} % (limits.maxRemovals)`,
    noneLeft: 'which leaves none, since no user matches any more',
  }[why];
  const annotate = (text: string) =>
    command(policy, `annotate --overwrite ${plural(policy)} ${approveAnnotation}${text}`);
  // An approval of this number that counted would have let them through.
  const isSpent = policy.approved === count;
  return {
    reason: 'Braked',
    message: `${count} of ${children} children would go, ${reason}: none of them does. ${
      isSpent
        ? `The annotation ${approveAnnotation} is from before, and lets none through. To let exactly these go, remove it and set it again: ${annotate('-')} && ${annotate(`=${count}`)}`
        : `To let exactly these go: ${annotate(`=${count}`)}`
    }`,
  };
}

const plural = ({ name }: Named): string => `${tenantUpsellPolicies.plural} ${name}`;
const command = ({ namespace }: Named, text: string): string => `kubectl -n ${namespace} ${text}`;
const patch = (policy: Named, limit: string, value: number): string =>
  command(policy, `patch ${plural(policy)} --type=merge -p '{"spec":{"limits":{"${limit}":${value}}}}'`);
