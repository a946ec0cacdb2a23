/** A response that is not what the API would send, whatever its status. It proves nothing, and a write may have been applied. */
import type { Causes } from './cause.ts';

const seeUrl =
  "See whether the URL is the data center's own, and what answers in its place (a gateway, a captive portal, another server).";

export const body = {
  'page-answered': {
    when: '2xx with HTML',
    kind: 'unavailable',
    passes: false,
    sentence: '{host} responded with a web page, such as a login, where the API would send JSON.',
    remedy: seeUrl,
  },
  'page-refused': {
    when: '4xx with HTML',
    kind: 'unavailable',
    passes: false,
    sentence:
      "{host} refused with a web page that is not the API's (HTTP {status}): something in front of the API, such as a gateway, refuses.",
    remedy: seeUrl,
  },
  'refusal-of-another': {
    when: "4xx with a body that is not the API's",
    kind: 'unavailable',
    passes: false,
    sentence:
      "{host} refused with something that is not the API's (HTTP {status}): something in front of the API, such as a gateway, refuses.",
    remedy: seeUrl,
  },
  'gateway-too-large': {
    when: "413, 414, 431 with a body that is not the API's",
    kind: 'unavailable',
    passes: false,
    sentence: 'Something in front of {host}, such as a gateway, refused the request as too large (HTTP {status}).',
    remedy: 'Raise the limits of that gateway; a request of this operator is a few kilobytes.',
  },
  'gateway-refused-form': {
    when: "405, 406, 411, 415 with a body that is not the API's",
    kind: 'unavailable',
    passes: false,
    sentence:
      'Something in front of {host}, such as a gateway, refused the form of the request: its method, media type or length (HTTP {status}).',
    remedy: 'Let it pass GET, PUT and POST with JSON unchanged.',
  },
  'not-json': {
    when: '2xx with text or another media type',
    kind: 'unavailable',
    passes: false,
    sentence: "{host} responded with something that is not the API's: it is not JSON.",
    remedy: seeUrl,
  },
  'json-broken': {
    when: '2xx with JSON that does not parse',
    kind: 'unavailable',
    passes: true,
    sentence: '{host} responded with JSON that is cut off or broken.',
    remedy: 'If this lasts, see whether a gateway on the way changes responses. It is tried again by itself.',
  },
  'response-empty': {
    when: '2xx without a body where one is needed',
    kind: 'unavailable',
    passes: false,
    sentence: '{host} responded with nothing where the API would send JSON.',
    remedy: seeUrl,
  },
  'other-json': {
    when: '2xx with other JSON',
    kind: 'unavailable',
    passes: false,
    sentence: "{host} responded with JSON that is not the API's: it is not {expected}.",
    remedy: seeUrl,
  },
  'response-too-large': {
    when: 'more than 10 MB',
    kind: 'unavailable',
    passes: false,
    sentence: '{host} responded with more than the API ever sends (over 10 MB).',
    remedy: seeUrl,
  },
  'user-malformed': {
    when: 'a user with a field of another form',
    kind: 'unavailable',
    passes: false,
    sentence: "{host} responded with a user that is not of the API's form: {problem}.",
    remedy: 'See whether a gateway on the way changes responses, or ask Acronis support.',
  },
  'other-user': {
    when: 'another user than the one that was asked for',
    kind: 'unavailable',
    passes: true,
    sentence: '{host} responded with another user than the one that was asked for.',
    remedy: 'If this lasts, see whether a cache on the way mixes responses up. It is tried again by itself.',
  },
} as const satisfies Causes;

export type BodyCauseId = keyof typeof body;
