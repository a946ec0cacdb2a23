/**
 * What to do about a response of Acronis that says no: the second half of the sentence in a condition. By the code where the response had one, since it
 * says more than the status; each is about its own cause and about no other.
 */
import type { AcronisError } from '../../../acronis/errors.ts';

const byCode: Readonly<Record<number, string>> = {
  1003: 'Enable the parent tenant in the management portal.',
  1011: 'Wait until the deprovisioning has ended. Delete this object if the user is not meant to come back.',
  1012: 'Unlock the tenant in the management portal, or ask Acronis support to.',
  1013: 'Enable the tenant in the management portal.',
  1018: 'Enable the user in the management portal, or delete this object.',
  1027: 'See whether this user may have the type: only users of customer tenants do.',
  1028: 'Use the account that the guest was invited from.',
};

export function remedyOf({ kind, status, code }: AcronisError): string {
  const known = code === undefined ? undefined : byCode[code];
  if (known !== undefined) return known;
  if (status === 407) return 'Put the credentials of the proxy into HTTPS_PROXY, or let Acronis through without it.';
  if (kind === 'unavailable') return 'It is tried again by itself.';
  if (status >= 300 && status < 400) return "Put the data center's own URL where the credentials come from.";
  if (status === 413 || status === 415)
    return 'See whether a gateway on the way changes requests: the form of the request was refused, and not the user.';
  if (kind === 'forbidden') return "Use an API client whose tenant is above the user's and may manage it.";
  return 'Ask Acronis support what this code means for this user.';
}
