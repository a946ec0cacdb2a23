/** The proxy of HTTPS_PROXY made no tunnel, so that nothing was sent. It is named by host and port: its password is in no sentence. */
import type { Causes } from './cause.ts';

const tryAgain = 'It is tried again by itself.';

export const proxy = {
  'proxy-credentials': {
    when: 'CONNECT responded to with 407',
    kind: 'unavailable',
    passes: false,
    sentence: 'The proxy {proxy} wants another user name or password (HTTP 407).',
    remedy: 'Correct {variable}: reserved characters of the password are written as %XX.',
  },
  'proxy-cannot-reach': {
    when: 'CONNECT responded to with 5xx',
    kind: 'unavailable',
    passes: true,
    sentence: 'The proxy {proxy} could not reach {host} (HTTP {status}).',
    remedy: `Look at its log, or at its DNS. ${tryAgain}`,
  },
  'proxy-refuses': {
    when: 'CONNECT responded to with another status',
    kind: 'unavailable',
    passes: false,
    sentence: 'The proxy {proxy} refuses a tunnel to {host} (HTTP {status}).',
    remedy: 'Allow it there, with CONNECT to port 443.',
  },
  'proxy-timeout': {
    when: 'no response to CONNECT, or no connection to the proxy in time',
    kind: 'unavailable',
    passes: true,
    sentence: 'The proxy {proxy} made no tunnel to {host} in time.',
    remedy: `See whether it works and may be reached from here; see {variable}. ${tryAgain}`,
  },
  'proxy-no-such-name': {
    when: '`ENOTFOUND` for the proxy',
    kind: 'unavailable',
    passes: false,
    sentence: 'There is no such name: the host of the proxy {proxy} does not exist in DNS.',
    remedy: 'Correct {variable}.',
  },
  'proxy-unreachable': {
    when: '`ECONNREFUSED`, `EHOSTUNREACH` and the like for the proxy',
    kind: 'unavailable',
    passes: true,
    sentence: 'The proxy {proxy} cannot be reached ({code}).',
    remedy: `See whether it works, and whether {variable} is right. ${tryAgain}`,
  },
  'proxy-not-trusted': {
    when: 'a code of TLS, for a proxy with https',
    kind: 'unavailable',
    passes: false,
    sentence: 'The certificate or TLS of the proxy {proxy} is not accepted ({code}).',
    remedy: 'See whether {variable} should say http, or name the certificate of its authority in NODE_EXTRA_CA_CERTS.',
  },
  'proxy-cut': {
    when: 'the proxy ended the connection in place of a response to CONNECT',
    kind: 'unavailable',
    passes: true,
    sentence: 'The proxy {proxy} cut the connection in place of making a tunnel to {host}.',
    remedy: `See whether {variable} names an HTTP proxy, and look at its log. ${tryAgain}`,
  },
} as const satisfies Causes;

export type ProxyCauseId = keyof typeof proxy;
