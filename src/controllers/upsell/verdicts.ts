/**
 * From what went wrong to what the object's condition says. The messages are constant for a kind of failure, so that a condition does not
 * change, and nothing is written, while the same failure lasts.
 */
import type { CredentialsResult } from '../../acronis/credentials.ts';
import type { AcronisError } from '../../acronis/errors.ts';
import type { Verdict } from '../../api/conditions.ts';

/** Why a call to Acronis failed, as the object says it. */
export function verdictOfError(error: AcronisError): Verdict {
  switch (error.kind) {
    case 'unavailable':
      return { reason: 'Unavailable', message: `${error.message} It is tried again, at least once a minute.` };
    case 'urlNotAllowed':
      return {
        reason: 'UrlNotAllowed',
        message: `${error.message} Put the data center's own URL where the credentials come from, or correct what the cluster's DNS says of it.`,
      };
    case 'throttled':
      return {
        reason: 'Throttled',
        message:
          'Acronis asked for fewer requests; the work goes on when it allows. If this lasts, set --acronis-rate or lower --acronis-concurrency.',
      };
    case 'credentials':
      return {
        reason: 'CredentialsRejected',
        message: `${error.message} Put the id and secret of an enabled API client of this data center where the credentials come from.`,
      };
    case 'forbidden':
      return {
        reason: 'AccessDenied',
        message: `${error.message} Use an API client whose tenant is above the user's and may manage it.`,
      };
    case 'notFound':
      return {
        reason: 'UserNotFound',
        message: `${error.message} See whether userID and tenantID are of this data center.`,
      };
    case 'conflict':
      return conflictVerdict;
    case 'rejected':
      return {
        reason: 'Rejected',
        message: `${error.message} See whether this user may have the type: only users of customer tenants do.`,
      };
  }
}

export const conflictVerdict: Verdict = {
  reason: 'VersionConflict',
  message: 'The user was changed by somebody else between each read and write. It is tried again.',
};

export const notAppliedVerdict: Verdict = {
  reason: 'NotApplied',
  message:
    'Acronis accepted the write, but its answer does not show it. It is tried again; if this lasts, ask Acronis support.',
};

export const userGoneVerdict: Verdict = {
  reason: 'UserNotFound',
  message: 'The user was deleted at Acronis. Delete this object, or restore the user.',
};

export const assignedVerdict: Verdict = {
  reason: 'BuyerAssigned',
  message: 'The user has the types and is offered more when a quota runs out.',
};

export const suspendedVerdict: Verdict = {
  reason: 'Suspended',
  message: 'spec.suspend is true: nothing is read or written. Set it to false to go on.',
};

export function verdictOfCredentials(result: Exclude<CredentialsResult, { kind: 'found' }>): Verdict {
  return { reason: result.kind === 'missing' ? 'CredentialsMissing' : 'UrlNotAllowed', message: result.problem };
}
