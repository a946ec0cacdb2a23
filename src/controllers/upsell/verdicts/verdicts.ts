/**
 * From what went wrong to what the object's condition says. The messages are constant for a kind of failure, so that a condition does not
 * change, and nothing is written, while the same failure lasts.
 */
import type { CredentialsResult } from '../../../acronis/credentials.ts';
import type { AcronisError, AcronisErrorKind } from '../../../acronis/errors.ts';
import type { Reason, Verdict } from '../../../api/conditions.ts';

/** What each kind of failure is for a reader of the object. */
export const reasonOfKind = {
  unavailable: 'Unavailable',
  urlNotAllowed: 'UrlNotAllowed',
  throttled: 'Throttled',
  credentials: 'CredentialsRejected',
  forbidden: 'AccessDenied',
  notFound: 'UserNotFound',
  conflict: 'VersionConflict',
  rejected: 'Rejected',
  missing: 'CredentialsMissing',
} as const satisfies Readonly<Record<AcronisErrorKind | 'missing', Reason>>;

/** Why a call to Acronis failed, as the object says it: in the words of the table of causes. */
export const verdictOfError = (error: AcronisError): Verdict =>
  error.kind === 'conflict' ? conflictVerdict : { reason: reasonOfKind[error.kind], message: error.message };

export const conflictVerdict: Verdict = {
  reason: 'VersionConflict',
  message: 'Another writer changed the user between each read and write. It is tried again.',
};

/** A write that was refused as a conflict although the revision that was sent is still the current one. */
export const notAConflictVerdict = (detail: string): Verdict => ({
  reason: 'Rejected',
  message: `Acronis refused the write (${detail}) although the revision that was sent is the current one. See whether this user can be changed in the management portal.`,
});

/** @param tries how often in succession: what lasts does not pass by itself. */
export const notAppliedVerdict = (tries: number): Verdict => ({
  reason: 'NotApplied',
  message:
    'Acronis accepted the write, but does not show it. It is tried again, slowly at last; if this lasts, ask Acronis support.',
  ...(tries >= maxNotAppliedTries ? { stalled: true } : {}),
});
/** After so many consecutive tries a write that is not applied waits for a person. */
export const maxNotAppliedTries = 5;

export const userGoneVerdict: Verdict = {
  reason: 'UserNotFound',
  message: 'The user was deleted at Acronis. Delete this object, or restore the user.',
};

export const userNotVisibleVerdict: Verdict = {
  reason: 'UserNotFound',
  message:
    'Acronis shows no such user to this API client: the id may be wrong, of another data center, or in a tenant that the client cannot see. See whether the id, the URL and the API client belong together.',
};

export const loginChangedVerdict: Verdict = {
  reason: 'LoginChanged',
  message:
    'The user that this object assigned has another login now, and another user may have the old one: nothing is written. Delete this object and create it for the user that is meant, best by userID.',
};

export const externalIdChangedVerdict: Verdict = {
  reason: 'LoginChanged',
  message:
    'The user that this object assigned has another external id now, or none, and another user may have the old one: nothing is written. Delete this object and create it for the user that is meant, best by userID.',
};

export const externalIdsNotShownVerdict: Verdict = {
  reason: 'UserNotFound',
  message:
    'Acronis does not show to this API client which external ids users have, so none can be compared. Name the user by userID instead.',
};

/** @param claimant the older object, as the readers of this one may know it. */
export const claimedVerdict = (claimant: string): Verdict => ({
  reason: 'DuplicateClaim',
  message: `An older object, ${claimant}, names the same user and keeps it. Delete one of the two.`,
});

export const notAssignedVerdict: Verdict = {
  reason: 'NotAssigned',
  message: 'The type is not assigned, and managementPolicy is Observe. Set it to Enforce to have it assigned.',
};

export const assignedVerdict: Verdict = {
  reason: 'BuyerAssigned',
  message: 'The user has the types and is offered more when a quota runs out.',
};

export const suspendedVerdict: Verdict = {
  reason: 'Suspended',
  message: 'spec.suspend is true: nothing is read or written. Set it to false to go on.',
};

export const invalidSpecVerdict = (problem: string): Verdict => ({
  reason: 'InvalidSpec',
  message: `${problem}. Correct the object.`,
});

/** Of an object that is being deleted and whose status remembers no user. */
export const nothingRememberedVerdict: Verdict = {
  reason: 'UserNotFound',
  message:
    'The object remembers no user that it assigned: it never wrote, or its status was removed. See at Acronis whether the user that it names is to keep the types.',
};

export const clusterVerdict: Verdict = {
  reason: 'Unavailable',
  message: 'The API server did not show the Secret or the namespace that is needed to revoke the types.',
};

export function verdictOfCredentials(result: Exclude<CredentialsResult, { kind: 'found' }>): Verdict {
  return { reason: reasonOfKind[result.kind], message: result.problem };
}
