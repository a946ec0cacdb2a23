import { expect, it } from 'vitest';
import type { AcronisError, AcronisErrorKind } from '../../../../../src/acronis/errors.ts';
import { ConnectFailure } from '../../../../../src/acronis/http/connect-failure.ts';
import { noResponse } from '../../../../../src/acronis/http/no-response.ts';
import { NotPublicError } from '../../../../../src/acronis/http/public-address.ts';
import { meaningOf } from '../../../../../src/api/conditions.ts';
import {
  assignedVerdict,
  claimedVerdict,
  conflictVerdict,
  loginChangedVerdict,
  notAConflictVerdict,
  notAppliedVerdict,
  notAssignedVerdict,
  suspendedVerdict,
  userGoneVerdict,
  userNotVisibleVerdict,
  verdictOfCredentials,
  verdictOfError,
} from '../../../../../src/controllers/upsell/verdicts/verdicts.ts';
import { answered, lost } from '../fake-acronis.ts';

const kinds: Record<AcronisErrorKind, string> = {
  unavailable: 'Unavailable',
  urlNotAllowed: 'UrlNotAllowed',
  throttled: 'Throttled',
  credentials: 'CredentialsRejected',
  forbidden: 'AccessDenied',
  notFound: 'UserNotFound',
  conflict: 'VersionConflict',
  rejected: 'Rejected',
};

it.each(Object.entries(kinds))('an error of kind %s becomes %s', (kind, reason) => {
  const error = Object.keys(kinds).includes(kind) ? errors.find((each) => each.kind === kind) : undefined;
  expect(error).toBeDefined();
  if (error !== undefined) expect(verdictOfError(error).reason).toBe(reason);
});

const body = (code: number | string) => ({
  error: { code, message: 'johndoe@mysite.com', details: { info: 'John Doe' } },
});
const errors: readonly AcronisError[] = [
  lost(),
  noResponse(
    new ConnectFailure(new NotPublicError('10.0.0.1'), undefined),
    'https://eu2-cloud.acronis.com/api/2/users/1',
  ),
  answered(500, body(1000)),
  answered(502),
  answered(200),
  answered(503, undefined, 30_000),
  answered(429, body('tooManyRequests')),
  answered(401, body('authenticationFailed')),
  answered(403, body(1012)),
  answered(403),
  answered(404, body(404)),
  answered(404, body(1005)),
  answered(409, body(1001)),
  answered(412),
  answered(400, body(1027)),
  answered(302),
  answered(407),
  answered(415, body(415)),
  answered(409, body(1018)),
  answered(409, body(1037)),
];

const all = [
  ...errors.map(verdictOfError),
  conflictVerdict,
  notAppliedVerdict(1),
  notAConflictVerdict('HTTP 409'),
  userGoneVerdict,
  userNotVisibleVerdict,
  loginChangedVerdict,
  claimedVerdict('older'),
  notAssignedVerdict,
  suspendedVerdict,
  verdictOfCredentials({ kind: 'missing', problem: 'Secret x lacks url. Add what is missing to it.' }),
  verdictOfCredentials({
    kind: 'urlNotAllowed',
    problem: 'Secret x: The URL has a path; write the URL of your data center.',
  }),
];

it.each(all)('$reason says what to do or what happens next: $message', ({ message }) => {
  const sentences = message.split(/(?<=[.;]) /);
  expect(sentences.length).toBeGreaterThan(1);
  expect(sentences.at(-1)).toMatch(
    /^(Ask|Enable|Unlock|Wait|Put|Use|See whether|Set|Delete|Add|If this|It is tried again|It is tried again;|write|if this lasts,)/,
  );
  expect(message).toMatch(/\.$/);
});

it.each([
  ['a redirect', answered(302), /not the data center itself\. Put the data center's own URL/],
  ['a disabled user', answered(409, body(1018)), /the user is disabled\)\. Enable the user/],
  ['a locked tenant', answered(403, body(1012)), /the tenant is locked\)\. Unlock the tenant/],
  ['a refused form', answered(415, body(415)), /refused the form of the request/],
  ["a proxy's own credentials", answered(407), /HTTP 407\)\. Put the credentials of the proxy/],
  ['rules of business', answered(400, body(1027)), /only users of customer tenants/],
  ['a client without the right', answered(403, body(403)), /Use an API client whose tenant is above/],
])('%s says its own cause and remedy, and no other', (_, error, message) => {
  const said = verdictOfError(error).message;
  expect(said).toMatch(message);
  const others = [/customer tenants/, /tenant is above/, /data center's own URL/, /Enable the user/, /Unlock/];
  expect(others.filter((other) => other.test(said)).length).toBeLessThanOrEqual(1);
});

it('no message repeats what the API said about a person, or an id', () => {
  for (const { message } of all) expect(message).not.toMatch(/johndoe|John Doe|[0-9a-f]{8}-/i);
});

it('what passes by itself is not stalled, and what waits for a person is', () => {
  const passing = [
    'Unavailable',
    'Throttled',
    'VersionConflict',
    'NotApplied',
    'NotAssigned',
    'Suspended',
    'BuyerAssigned',
  ];
  for (const { reason } of [...all, assignedVerdict])
    expect(meaningOf(reason).stalled, reason).toBe(!passing.includes(reason));
});

it('the same kind of outage has the same words, whatever number it came with', () => {
  const messages = new Set(
    [answered(500, body(1000)), answered(502), answered(504)].map((error) => verdictOfError(error).message),
  );
  expect(messages.size).toBe(1);
});

it('credentials that are not there and a URL that is not allowed have sentences of their own', () => {
  expect(verdictOfCredentials({ kind: 'missing', problem: 'p' })).toEqual({
    reason: 'CredentialsMissing',
    message: 'p',
  });
  expect(verdictOfCredentials({ kind: 'urlNotAllowed', problem: 'p' })).toEqual({
    reason: 'UrlNotAllowed',
    message: 'p',
  });
});
