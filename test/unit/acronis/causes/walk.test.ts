/**
 * Every cause that the network layer of Node, TLS, HTTP and the codes of the API can give, walked through: each has a sentence that names the host, says what to
 * do and repeats nothing of what was sent or received; and each entry of the table is reached.
 */
import { getSystemErrorMap, inspect } from 'node:util';
import { errors as undiciErrors } from 'undici';
import { describe, expect, test } from 'vitest';
import { type CauseId, causeOf, causes, groups } from '../../../../src/acronis/causes/table.ts';
import type { AcronisError } from '../../../../src/acronis/errors.ts';
import type { BodyForm } from '../../../../src/acronis/http/body.ts';
import { classify } from '../../../../src/acronis/http/classify.ts';
import { ConnectFailure } from '../../../../src/acronis/http/connect-failure.ts';
import { ProxyFailure } from '../../../../src/acronis/http/egress.ts';
import { noResponse } from '../../../../src/acronis/http/no-response.ts';
import { NotPublicError } from '../../../../src/acronis/http/public-address.ts';
import { meaningOf } from '../../../../src/api/conditions.ts';
import { HttpRequestError } from '../../../../src/base/http/http.ts';
import { verdictOfError } from '../../../../src/controllers/upsell/verdicts/verdicts.ts';

const host = 'eu2-cloud.acronis.com';
const url = `https://${host}/api/2/users/canary?canary=canary`;
const thrown = (code: string): Error => Object.assign(new Error(`canary ${code}`), { code, canary: 'canary' });

/** Every code of the system, as libuv names them. */
const system = [...getSystemErrorMap().values()].map(([code]) => code);
const undici = Object.values(undiciErrors).flatMap((error) => {
  const made: unknown = Reflect.construct(error, ['canary', 400, {}]);
  return made instanceof Error && 'code' in made && typeof made.code === 'string' ? [made.code] : [];
});
const dns = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT'];
/** Node's documentation, "X509 certificate error codes", and its own. */
const certificates = [
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CRL_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'OUT_OF_MEM',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];
const handshakes = [
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY',
  'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
  'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
  'ERR_SSL_DH_KEY_TOO_SMALL',
  'ERR_SSL_NO_CIPHER_MATCH',
];
const others = [
  'HPE_INVALID_CONSTANT',
  'HPE_HEADER_OVERFLOW',
  'ERR_INVALID_CHAR',
  'ERR_TLS_HANDSHAKE_TIMEOUT',
  'ERR_NEW',
  '',
];
const codes = [...new Set([...system, ...undici, ...dns, ...certificates, ...handshakes, ...others])];

const forms: readonly BodyForm[] = ['json', 'page', 'broken', 'empty', 'other'];
const envelope = (code: number | string) => ({
  error: { code, message: 'canary', domain: 'canary', details: { info: 'canary' }, context: { canary: 'canary' } },
});
const responded = (status: number, body: unknown, form: BodyForm, location?: string): AcronisError =>
  classify({ url, status, body, form, retryAfterMs: undefined, location });

type Met = readonly [string, AcronisError];
const ofNetwork: readonly Met[] = codes.flatMap((code): Met[] => [
  [`${code} while connecting`, noResponse(new ConnectFailure(thrown(code), 'Some CA'), url)],
  [`${code} afterwards`, noResponse(thrown(code), url)],
]);
const ofLimits: readonly Met[] = [
  ['the time-out', noResponse(new HttpRequestError('timedOut', 'canary'), url)],
  ['a body that is too large', noResponse(new HttpRequestError('tooLarge', 'canary'), url)],
  ['a private address', noResponse(new ConnectFailure(new NotPublicError('10.0.0.1'), undefined), url)],
  ['no address', noResponse(new ConnectFailure(new NotPublicError(undefined), undefined), url)],
];
const ofProxy: readonly Met[] = (
  [
    'proxy-credentials',
    'proxy-cannot-reach',
    'proxy-refuses',
    'proxy-timeout',
    'proxy-no-such-name',
    'proxy-unreachable',
    'proxy-not-trusted',
    'proxy-cut',
  ] as const
).map((id) => [
  id,
  noResponse(new ProxyFailure(id, { proxy: 'proxy:3128', variable: 'HTTPS_PROXY', status: '502', code: 'X' }), url),
]);
const statuses = Array.from({ length: 500 }, (_, at) => 100 + at);
const ofStatus: readonly Met[] = statuses
  .filter((status) => status >= 200)
  .flatMap((status) =>
    forms.map(
      (form): Met => [
        `HTTP ${status}, ${form}`,
        responded(status, form === 'json' ? envelope(status) : undefined, form, 'https://login.example/canary?canary'),
      ],
    ),
  );
const ofRedirects: readonly Met[] = [301, 302, 303, 307, 308].map((status) => [
  `HTTP ${status} to itself`,
  responded(status, undefined, 'page', '/canary'),
]);
const ofCodes: readonly Met[] = [400, 403, 404, 409, 412, 422].flatMap((status) =>
  Array.from({ length: 100 }, (_, at) => 1000 + at).flatMap((code): Met[] => [
    [`HTTP ${status}, code ${code}`, responded(status, envelope(code), 'json')],
    [`HTTP ${status}, code "${code}"`, responded(status, envelope(String(code)), 'json')],
  ]),
);
const met = { ofNetwork, ofLimits, ofProxy, ofStatus, ofRedirects, ofCodes };

describe.each(Object.entries(met))('%s', (_, all) => {
  test('each cause has a sentence with the host and a remedy, in one reason, and repeats nothing of what was sent or received', () => {
    expect(all.length).toBeGreaterThan(3);
    for (const [what, error] of all) {
      const { reason, message } = verdictOfError(error);
      expect(error.causeId, what).toBeDefined();
      if (error.kind !== 'conflict') {
        expect(message, what).toMatch(/eu2-cloud\.acronis\.com|proxy:3128/);
        expect(message, what).toBe(error.message);
      }
      expect(message.split(/(?<=\.) (?=[A-Z])/).length, what).toBeGreaterThan(1);
      expect(message, what).toMatch(/^[^{}]*\.$/);
      expect(meaningOf(reason).ready, what).toBe('False');
      expect(inspect(error, { depth: 9, showHidden: true }), what).not.toContain('canary');
    }
  });

  test('what goes out once more says the same, as long as the cause is the same', () => {
    for (const [what, error] of all) expect(error.again({}).message, what).toBe(error.message);
  });
});

test('every code of the network says its own cause, and not that the connection failed', () => {
  const connecting = (code: string) => noResponse(new ConnectFailure(thrown(code), undefined), url).causeId;
  for (const code of [
    ...dns,
    ...certificates,
    ...handshakes,
    'ECONNREFUSED',
    'ECONNRESET',
    'ETIMEDOUT',
    'EHOSTUNREACH',
  ])
    expect(connecting(code), code).not.toBe('connection-failed');
});

test('of several addresses that fail, the one that was reached says why, whichever came first', () => {
  const unreachable = thrown('ENETUNREACH');
  const refused = thrown('ECONNREFUSED');
  for (const all of [
    [unreachable, refused],
    [refused, unreachable],
  ]) {
    const error = Object.assign(new AggregateError(all), { code: 'ENETUNREACH' });
    expect(noResponse(new ConnectFailure(error, undefined), url).causeId).toBe('connection-refused');
  }
});

test('every entry of the table that a response or its absence can give is reached', () => {
  const reached = new Set(Object.values(met).flatMap((all) => all.map(([, error]) => error.causeId)));
  /** Reached where a response is parsed (api.test.ts, token.test.ts) and where credentials are read (url.test.ts, credentials). */
  const elsewhere: readonly CauseId[] = ['client-refused', 'other-json', 'user-malformed', 'other-user'];
  const isElsewhere = (id: string) =>
    elsewhere.some((each) => each === id) ||
    Object.hasOwn(groups.credentials, id) ||
    (Object.hasOwn(groups.url, id) && id.startsWith('url-'));
  const missed = Object.keys(causes).filter((id) => !isElsewhere(id) && ![...reached].some((each) => each === id));
  expect(missed).toEqual([]);
});

test('a cause that is expected to pass is one that stays for no person, and the other way round in every kind that waits for one', () => {
  for (const id of Object.keys(causes).filter((each): each is CauseId => Object.hasOwn(causes, each))) {
    const { kind, passes } = causeOf(id);
    if (kind === 'throttled' || kind === 'conflict') expect(passes, id).toBe(true);
    if (kind === 'credentials' || kind === 'missing' || kind === 'urlNotAllowed' || kind === 'forbidden')
      expect(passes, id).toBe(false);
  }
});
