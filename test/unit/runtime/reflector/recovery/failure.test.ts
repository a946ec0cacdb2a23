import { describe, expect, it } from 'vitest';
import { KubernetesError } from '../../../../../src/kubernetes/calls/errors.ts';
import {
  classifyFailure,
  type During,
  endedEarly,
  listUnfinished,
  maxRetryAfterMs,
  silent,
  versionAhead,
} from '../../../../../src/runtime/reflector/recovery/failure.ts';
import { problemOf } from '../../../../../src/runtime/reflector/recovery/problem.ts';
import { things } from '../../things.ts';

const answered = (status: number, reason = '', message = 'answered') =>
  new KubernetesError(message, { status, reason });
const local = (reason: string, code?: string) =>
  new KubernetesError('no response', {
    reason,
    ...(code === undefined
      ? {}
      : { cause: new Error('outer', { cause: Object.assign(new Error('inner'), { code }) }) }),
  });

type Row = [
  what: string,
  error: unknown,
  during: During,
  next: string,
  reason: string,
  blamesRequest: boolean,
  needsPerson: boolean,
];

const rows: Row[] = [
  ['410', answered(410, 'Gone'), 'watch', 'relist', 'Expired', false, false],
  ['an Expired of whatever status', answered(500, 'Expired'), 'watch', 'relist', 'Expired', false, false],
  ['410 on a list', answered(410, 'Expired'), 'paged list', 'relist', 'Expired', false, false],
  [
    'a version of the future',
    answered(504, 'Timeout', 'Timeout: Too large resource version: 9, current: 3'),
    'watch',
    'relist',
    'Expired',
    false,
    false,
  ],
  ['another 504', answered(504, 'Timeout'), 'watch', 'again', 'ServerError', true, false],
  ['400 on a watch', answered(400, 'BadRequest'), 'watch', 'relist', 'Refused', false, false],
  ['400 on a streaming list', answered(400), 'streaming list', 'pages', 'Refused', false, false],
  ['422 on a streaming list', answered(422, 'Invalid'), 'streaming list', 'pages', 'Refused', false, false],
  ['501 on a streaming list', answered(501), 'streaming list', 'pages', 'Refused', false, false],
  ['401', answered(401), 'watch', 'again', 'Unauthorized', false, true],
  ['403', answered(403), 'watch', 'again', 'Forbidden', false, true],
  ['404 on a watch', answered(404), 'watch', 'relist', 'NotFound', false, true],
  ['404 on a streaming list', answered(404), 'streaming list', 'relist', 'NotFound', false, true],
  ['408', answered(408), 'watch', 'again', 'TimedOut', true, false],
  ['429', answered(429), 'streaming list', 'again', 'Throttled', false, false],
  ['500', answered(500), 'streaming list', 'again', 'ServerError', true, false],
  ['502', answered(502), 'watch', 'again', 'Unavailable', false, false],
  ['503', answered(503), 'watch', 'again', 'Unavailable', false, false],
  ['a cut connection', local('ConnectionFailed', 'ECONNRESET'), 'watch', 'again', 'ConnectionFailed', true, false],
  [
    'a refused connection',
    local('ConnectionFailed', 'ECONNREFUSED'),
    'watch',
    'again',
    'ConnectionFailed',
    false,
    false,
  ],
  [
    'a name that cannot be resolved',
    local('ConnectionFailed', 'ENOTFOUND'),
    'watch',
    'again',
    'ConnectionFailed',
    false,
    false,
  ],
  ['no certificate', local('CertificateNotTrusted'), 'watch', 'again', 'CertificateNotTrusted', false, true],
  ['no credentials', local('CredentialsUnavailable'), 'watch', 'again', 'CredentialsUnavailable', false, true],
  ['a time-out', local('TimedOut'), 'paged list', 'again', 'TimedOut', true, false],
  ['HTML of a gateway', local('InvalidResponse'), 'streaming list', 'again', 'InvalidResponse', true, false],
  ['a response that is too large', local('ResponseTooLarge'), 'watch', 'again', 'ResponseTooLarge', true, false],
  ['something new', local('Novelty'), 'watch', 'again', 'ConnectionFailed', true, false],
  ['silence on a watch', silent(90_000), 'watch', 'again', 'Silent', false, false],
  ['silence on a streaming list', silent(60_000), 'streaming list', 'pages', 'Silent', false, false],
  ['an immediate end', endedEarly(), 'watch', 'again', 'EndedEarly', true, false],
  ['an end before the end of the list', listUnfinished(), 'streaming list', 'pages', 'ListUnfinished', false, false],
  ['a version that the server is behind of', versionAhead(), 'watch', 'relist', 'VersionAhead', false, false],
  ['a bug', new TypeError('no'), 'watch', 'again', 'Unexpected', true, false],
  ['anything at all', 'text', 'watch', 'again', 'Unexpected', true, false],
];

describe('a failed list or watch', () => {
  it.each(rows)('%s', (_, error, during, next, reason, blamesRequest, needsPerson) => {
    expect(classifyFailure(error, during)).toEqual({ next, reason, atLeastMs: 0, blamesRequest, needsPerson });
  });

  it.each([
    [undefined, 0],
    [-1, 0],
    [2_500, 2_500],
    [86_400_000, maxRetryAfterMs],
  ])('with a Retry-After of %s ms waits %s ms at least', (retryAfterMs, atLeastMs) => {
    const error = new KubernetesError('wait', { status: 429, retryAfterMs });
    expect(classifyFailure(error, 'watch').atLeastMs).toBe(atLeastMs);
  });
});

describe('the words for it', () => {
  const words = (error: unknown, namespace?: string, resource = things) =>
    problemOf(resource, namespace, classifyFailure(error, 'watch'), 'watch', error).message;

  it('say what to do', () => {
    expect(words(answered(404))).toContain('kubectl apply -f crds/');
    expect(
      words(answered(404), undefined, { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' }),
    ).not.toContain('crds');
    expect(words(answered(403))).toMatch(/watch things\.example\.com: .*ClusterRoleBinding/);
    expect(words(answered(403), 'ns')).toMatch(/in namespace ns: .*RoleBinding/);
    expect(words(answered(401))).toContain('token');
    expect(words(local('ConnectionFailed'))).toBe('Cannot watch things.example.com: no response');
  });
});
