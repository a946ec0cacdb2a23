import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AcronisError, type AcronisErrorKind } from '../../../../src/acronis/errors.ts';
import { classify, type ErrorResponse } from '../../../../src/acronis/http/classify.ts';

const response = (status: number, body?: unknown, retryAfterMs?: number): ErrorResponse => ({
  url: 'https://eu2-cloud.acronis.com/api/2/users/1',
  status,
  body,
  form: body === undefined ? 'page' : 'json',
  location: undefined,
  retryAfterMs,
});
const envelope = (code: number | string) => ({
  error: { code, message: 'm', domain: 'PlatformAccountServer', details: { info: 'i' }, context: {} },
});
const flat = { error: 'invalid_client', error_description: 'invalid client credentials' };

type Row = [string, ErrorResponse, AcronisErrorKind];
const rows: Row[] = [
  ['401 without a body', response(401), 'unavailable'],
  ['401 with the envelope', response(401, envelope(401)), 'credentials'],
  ['401 with a word', response(401, envelope('authenticationFailed')), 'credentials'],
  ['401 with a flat OAuth error', response(401, flat), 'credentials'],
  ['401 with the JSON of another server', response(401, { message: 'no API key' }), 'unavailable'],
  ['403', response(403, envelope(403)), 'forbidden'],
  ['403 with 1002, access denied', response(403, envelope(1002)), 'forbidden'],
  ['403 with 1012, the tenant is locked', response(403, envelope(1012)), 'forbidden'],
  ['400 with 1012, the tenant is locked', response(400, envelope(1012)), 'forbidden'],
  ['404 without domain and details', response(404, { error: { code: 404, message: 'Not found' } }), 'notFound'],
  ['404 as a page', response(404), 'unavailable'],
  ['403 as a page', response(403), 'unavailable'],
  ['404 with the JSON of another server', response(404, { error: 'Not Found', path: '/x' }), 'unavailable'],
  ['404 with a message alone', response(404, { message: 'no Route matched' }), 'unavailable'],
  ['404 with 1002, access denied', response(404, envelope(1002)), 'forbidden'],
  ['400 with 1005, tenant not found', response(400, envelope(1005)), 'notFound'],
  ['409 as a page', response(409), 'unavailable'],
  ['409 with its own status as the code', response(409, envelope(409)), 'conflict'],
  ['409 with 1001', response(409, envelope(1001)), 'conflict'],
  ['409 with "1001"', response(409, envelope('1001')), 'conflict'],
  ['409 with an unknown code', response(409, envelope('Whatever')), 'conflict'],
  ['409 with 1004, a duplicate name', response(409, envelope(1004)), 'rejected'],
  ['409 with "1010", a duplicate e-mail', response(409, envelope('1010')), 'rejected'],
  ['409 with 1028, a guest user exists', response(409, envelope(1028)), 'rejected'],
  ['412', response(412, envelope(412)), 'conflict'],
  ['412 as a page', response(412, undefined), 'unavailable'],
  ['409 with 1012, the tenant is locked', response(409, envelope(1012)), 'forbidden'],
  ['409 with 1009, which no table explains', response(409, envelope(1009)), 'rejected'],
  ['403 with "1037"', response(403, envelope('1037')), 'forbidden'],
  ['426', response(426, envelope(426)), 'conflict'],
  ['426 with 1001', response(426, envelope(1001)), 'conflict'],
  ['400 with 1001', response(400, envelope(1001)), 'conflict'],
  ['400 with "1001"', response(400, envelope('1001')), 'conflict'],
  ['403 with 1001', response(403, envelope(1001)), 'conflict'],
  ['422 with 1001', response(422, envelope(1001)), 'conflict'],
  ['400', response(400, envelope(400)), 'rejected'],
  ['400 with a flat OAuth error', response(400, { error: 'invalid_request' }), 'rejected'],
  ['400 with 1018, the user is disabled', response(400, envelope(1018)), 'rejected'],
  ['400 with 1027, business rules', response(400, envelope(1027)), 'rejected'],
  ['400 with 1000, internal error', response(400, envelope(1000)), 'unavailable'],
  ['405', response(405, envelope('methodNotAllowed')), 'rejected'],
  ['415', response(415, envelope(415)), 'rejected'],
  ['422', response(422, envelope(422)), 'rejected'],
  ['407 as a page', response(407), 'unavailable'],
  ['408', response(408), 'unavailable'],
  ['429', response(429), 'throttled'],
  ['429 with Retry-After', response(429, undefined, 2_000), 'throttled'],
  ['429 with 1001', response(429, envelope(1001)), 'throttled'],
  ['503 with Retry-After', response(503, undefined, 2_000), 'throttled'],
  ['503 with Retry-After: 0', response(503, undefined, 0), 'throttled'],
  ['503 without Retry-After', response(503), 'unavailable'],
  ['503 with tooManyRequests', response(503, envelope('tooManyRequests')), 'throttled'],
  ['503 with tooManyInFlightRequests', response(503, envelope('tooManyInFlightRequests')), 'throttled'],
  ['503 with serviceUnavailable', response(503, envelope('serviceUnavailable')), 'unavailable'],
  ['500 with 1001', response(500, envelope(1001)), 'unavailable'],
  ['500 as plain text', response(500), 'unavailable'],
  ['502 as HTML', response(502), 'unavailable'],
  ['504 with Retry-After', response(504, undefined, 2_000), 'unavailable'],
  ['599', response(599), 'unavailable'],
  ['200 as HTML', response(200), 'unavailable'],
  ['204', response(204), 'unavailable'],
  ['301', response(301), 'rejected'],
  ['302 with HTML', response(302), 'rejected'],
  ['307', response(307), 'rejected'],
  ['308', response(308), 'rejected'],
  ['an error that is null', response(400, { error: null }), 'unavailable'],
  ['a body that is null', response(404, null), 'unavailable'],
  ['a body that is a list', response(409, [1001]), 'unavailable'],
  ['a code that is an object', response(409, { error: { code: { valueOf: 1004 } } }), 'unavailable'],
  ['a code named as something every object has', response(400, envelope('constructor')), 'rejected'],
  ['a code that is too large for a number', response(400, JSON.parse('{"error":{"code":1e999}}')), 'unavailable'],
  ['a polluting body', response(400, JSON.parse('{"__proto__":{"error":{"code":1001}}}')), 'unavailable'],
];

describe('what a response that is not a success means', () => {
  test.each(rows)('%s', (_, given, kind) => {
    const error = classify(given);
    expect(error).toBeInstanceOf(AcronisError);
    expect(error.kind).toBe(kind);
    expect(error.status).toBe(given.status);
    expect(error.retryAfterMs).toBe(given.retryAfterMs);
  });

  test.each(rows)('whether the write may have been applied is known: %s', (_, given) => {
    const error = classify(given);
    expect(error.outcomeUnknown).toBe(error.kind === 'unavailable');
  });

  test('a polluting body changes no other object', () => {
    classify(
      response(400, JSON.parse('{"error":{"code":1001,"__proto__":{"polluted":1}},"constructor":{"prototype":{}}}')),
    );
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('what the message says', () => {
  test('a known code is explained, with what to do', () => {
    expect(classify(response(400, envelope(1018))).message).toBe(
      'eu2-cloud.acronis.com refused the request (HTTP 400, code 1018: the user is disabled). Enable the user in the management portal, or delete this object.',
    );
  });

  test.each([
    ['https://login.example.com/start?token=canary#canary', /redirects to login\.example\.com, and/],
    ['//login.example.com:8443/canary', /redirects to login\.example\.com:8443, and/],
    ['https://jane:canary@login.example.com/', /redirects to login\.example\.com, and/],
    ['/login?next=canary', /redirects to another path of its own/],
    ['https://eu2-cloud.acronis.com/canary', /redirects to another path of its own/],
    ['canary:canary', /redirects to another path of its own/],
    [`https://${'canary'.repeat(50)}.com/`, /redirects to another path of its own/],
    [undefined, /redirects to another path of its own/],
  ])('a redirect to %s names where it led, and of that the host alone', (location, sentence) => {
    const error = classify({ ...response(302), location });
    expect(error.kind).toBe('rejected');
    expect(error.message).toMatch(sentence);
    expect(inspect(error)).not.toContain('canary');
  });

  test.each([
    ['trouble of the service', [response(500), response(502), response(503), response(504), response(408)]],
    [
      'throttling',
      [
        response(429),
        response(429, undefined, 7_000),
        response(503, undefined, 1),
        response(503, envelope('tooManyRequests')),
      ],
    ],
    ['redirects', [response(301), response(302), response(307)]],
    ["pages where the API's JSON should be", [response(200), response(204)]],
  ])('%s has one message, whatever the status and the wait are, and the detail tells them apart', (_, answers) => {
    const errors = answers.map((each) => classify(each));
    expect(new Set(errors.map((error) => error.message)).size).toBe(1);
    expect(errors[0]?.detail).toBe(`HTTP ${answers[0]?.status}`);
  });

  // Canary: whatever a server writes into a body, nothing of it is repeated but the codes that are known.
  const canary = 'johndoe';
  const bodies: unknown[] = [
    envelope(canary),
    { error: canary, error_description: canary },
    { error: { code: 400, message: canary, domain: canary, details: { info: canary }, context: { id: canary } } },
    { error: { code: canary, [canary]: canary } },
    canary,
    [canary],
    envelope(987_654_321),
    envelope('987654'),
    envelope(9876.5),
    envelope(-98765),
  ];
  test.each(bodies)('no text and no strange number of a body is repeated: %j', (body) => {
    for (const status of [200, 302, 400, 401, 403, 404, 409, 412, 426, 429, 500, 503]) {
      const text = inspect(classify(response(status, body)), { depth: 9 });
      expect(text).not.toContain(canary);
      expect(text).not.toContain('9876');
    }
  });
});
