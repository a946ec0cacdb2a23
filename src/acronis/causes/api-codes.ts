/**
 * Codes of the platform that say more than the HTTP status (guide, "Status and error codes"); their statuses are not documented. `said` is the status with the
 * code, where no table explains it.
 */
import type { AcronisErrorKind } from '../errors.ts';
import type { Cause } from './cause.ts';

const askSupport = 'Ask Acronis support what this code means for this user.';

/** What a code means, in words for `said`. */
export const meanings = {
  1000: 'internal error',
  1001: 'version mismatch',
  1002: 'access denied',
  1003: 'the parent tenant is disabled',
  1004: 'tenant name conflict',
  1005: 'tenant not found',
  1010: 'e-mail conflict',
  1011: 'deprovisioning is in progress',
  1012: 'the tenant is locked',
  1013: 'the tenant is disabled',
  1015: 'infrastructure conflict',
  1018: 'the user is disabled',
  1027: 'business rules are not satisfied',
  1028: 'a guest user exists',
  1031: 'location conflict',
  1033: 'invalid login',
} as const;
export type PlatformCode = keyof typeof meanings;

type ApiCodeCauseId = `code-${PlatformCode}` | 'code-unknown' | 'code-unknown-forbidden';

function entry<Code extends PlatformCode, Kind extends AcronisErrorKind>(
  code: Code,
  kind: Kind,
  remedy: string,
  passes = false,
) {
  const sentence = `{host} refused the request (HTTP {status}, code ${code}: ${meanings[code]}).` as const;
  return { when: `code ${code}`, kind, passes, sentence, remedy } as const;
}

export const apiCodes = {
  'code-1000': entry(1000, 'unavailable', 'If this lasts, ask Acronis support. It is tried again by itself.', true),
  'code-1001': entry(1001, 'conflict', 'The user is read and the write tried again by itself.', true),
  'code-1002': entry(1002, 'forbidden', "Use an API client whose tenant is above the user's and may manage it."),
  'code-1003': entry(1003, 'forbidden', 'Enable the parent tenant in the management portal.'),
  'code-1004': entry(1004, 'rejected', askSupport),
  'code-1005': entry(1005, 'notFound', 'See whether userID and tenantID are of this data center.'),
  'code-1010': entry(
    1010,
    'rejected',
    'Give the user an e-mail address that no other user has, in the management portal.',
  ),
  'code-1011': entry(
    1011,
    'rejected',
    'Wait until the deprovisioning has ended. Delete this object if the user is not meant to come back.',
    true,
  ),
  'code-1012': entry(1012, 'forbidden', 'Unlock the tenant in the management portal, or ask Acronis support to.'),
  'code-1013': entry(1013, 'rejected', 'Enable the tenant in the management portal.'),
  'code-1015': entry(1015, 'rejected', askSupport),
  'code-1018': entry(1018, 'rejected', 'Enable the user in the management portal, or delete this object.'),
  'code-1027': entry(1027, 'rejected', 'See whether this user may have the type: only users of customer tenants do.'),
  'code-1028': entry(1028, 'rejected', 'Use the account that the guest was invited from.'),
  'code-1031': entry(1031, 'rejected', askSupport),
  'code-1033': entry(1033, 'rejected', "Correct the user's login in the management portal."),
  'code-unknown': {
    when: 'any other code from 1000 on',
    kind: 'rejected',
    passes: false,
    sentence: '{host} refused the request ({said}).',
    remedy: askSupport,
  },
  'code-unknown-forbidden': {
    when: 'any other code from 1000 on, with 403',
    kind: 'forbidden',
    passes: false,
    sentence: '{host} refused the request ({said}).',
    remedy:
      "Use an API client whose tenant is above the user's and may manage it, or ask Acronis support what this code means.",
  },
} as const satisfies Readonly<Record<ApiCodeCauseId, Cause>>;

export const isExplained = (code: number): code is PlatformCode => Object.hasOwn(meanings, code);
