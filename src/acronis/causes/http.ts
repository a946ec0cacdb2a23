/** A response that says no by its HTTP status. `said` is the status with the platform's code, where there was one that may be shown. */
import type { Causes } from './cause.ts';

const tryAgain = 'It is tried again by itself.';
const gateway =
  'See whether a gateway on the way changes requests: the form of the request was refused, and not the user.';

export const http = {
  throttled: {
    when: '429; 503 with Retry-After',
    kind: 'throttled',
    passes: true,
    sentence: 'Acronis ({host}) asked for fewer requests; the work goes on when it allows.',
    remedy: 'If this lasts, set --acronis-rate or lower --acronis-concurrency.',
  },
  'service-error': {
    when: '5xx, 408, code 1000',
    kind: 'unavailable',
    passes: true,
    sentence:
      '{host} could be reached and could not serve the request: it responded with an error of its own (HTTP 5xx).',
    remedy: `If this lasts, see the status page of Acronis. ${tryAgain}`,
  },
  redirect: {
    when: '3xx to another host',
    kind: 'rejected',
    passes: false,
    sentence: '{host} redirects to {leadsTo}, and redirects are not followed: {host} is not the data center itself.',
    remedy: "Put the data center's own URL where the credentials come from.",
  },
  'redirect-to-itself': {
    when: '3xx to a path of the same host, or to nowhere',
    kind: 'rejected',
    passes: false,
    sentence:
      '{host} redirects to another path of its own, such as a login, and redirects are not followed: it is not the data center itself.',
    remedy: "Put the data center's own URL where the credentials come from.",
  },
  'proxy-on-the-way': {
    when: '407',
    kind: 'unavailable',
    passes: false,
    sentence: 'A proxy on the way to {host} asks for credentials of its own (HTTP 407).',
    remedy: 'Put the credentials of the proxy into HTTPS_PROXY, or let Acronis through without it.',
  },
  'token-refused': {
    when: '401',
    kind: 'credentials',
    passes: false,
    sentence: "{host} did not accept the API client's token ({said}).",
    remedy: 'Put the id and secret of an enabled API client of this data center where the credentials come from.',
  },
  'client-refused': {
    when: 'any 4xx of the token endpoint',
    kind: 'credentials',
    passes: false,
    sentence: '{host} did not accept the API client (HTTP {status}).',
    remedy: 'Put the id and secret of an enabled API client of this data center where the credentials come from.',
  },
  forbidden: {
    when: '403',
    kind: 'forbidden',
    passes: false,
    sentence: 'The API client has no right to this at {host} ({said}).',
    remedy: "Use an API client whose tenant is above the user's and may manage it.",
  },
  'not-found': {
    when: '404',
    kind: 'notFound',
    passes: false,
    sentence: '{host} knows nothing under this id ({said}).',
    remedy: 'See whether userID and tenantID are of this data center.',
  },
  conflict: {
    when: '409, 412, 426, code 1001',
    kind: 'conflict',
    passes: true,
    sentence: 'The revision that was sent was not the current one ({said}).',
    remedy: 'It is read and tried again by itself.',
  },
  'request-too-large': {
    when: '413, 414, 431',
    kind: 'rejected',
    passes: false,
    sentence: '{host} refused the request as too large ({said}).',
    remedy: gateway,
  },
  'request-form-refused': {
    when: '405, 406, 411, 415',
    kind: 'rejected',
    passes: false,
    sentence: '{host} refused the form of the request: its method, media type or length ({said}).',
    remedy: gateway,
  },
  rejected: {
    when: 'any other 4xx',
    kind: 'rejected',
    passes: false,
    sentence: '{host} refused the request ({said}).',
    remedy: 'Ask Acronis support what this means for this user.',
  },
} as const satisfies Causes;

export type HttpCauseId = keyof typeof http;
