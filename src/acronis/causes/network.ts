/** No response, because of the name, the route or the connection: codes of Node and undici. */
import type { Causes } from './cause.ts';

const tryAgain = 'It is tried again by itself.';

export const network = {
  'connection-refused': {
    when: '`ECONNREFUSED`',
    kind: 'unavailable',
    passes: true,
    sentence: 'Nothing listens at {host}: it refused the connection.',
    remedy: `See whether the URL is right, and whether a firewall or mesh refuses the connection. ${tryAgain}`,
  },
  'no-such-name': {
    when: '`ENOTFOUND`',
    kind: 'unavailable',
    passes: false,
    sentence: 'There is no such name: the host {host} does not exist in DNS.',
    remedy:
      "Put the data center's own URL where the credentials come from, or see what the cluster's DNS says of the name.",
  },
  'no-dns': {
    when: '`EAI_AGAIN` and other failures of DNS',
    kind: 'unavailable',
    passes: true,
    sentence: 'The name {host} could not be looked up: DNS did not respond.',
    remedy: `See whether the cluster's DNS works and the operator may reach it (NetworkPolicy, port 53). ${tryAgain}`,
  },
  'connection-timeout': {
    when: '`UND_ERR_CONNECT_TIMEOUT`, `ETIMEDOUT`',
    kind: 'unavailable',
    passes: true,
    sentence: 'No connection to {host} was made in time.',
    remedy: `See whether a firewall or NetworkPolicy drops it, or whether the only way out is a proxy (HTTPS_PROXY). ${tryAgain}`,
  },
  'no-route': {
    when: '`EHOSTUNREACH`, `ENETUNREACH`, `EHOSTDOWN`, `ENETDOWN`, `EADDRNOTAVAIL`',
    kind: 'unavailable',
    passes: true,
    sentence: 'There is no route to {host}.',
    remedy: `See whether this node has a way out to the Internet, or needs a proxy (HTTPS_PROXY). ${tryAgain}`,
  },
  'connection-not-permitted': {
    when: '`EACCES`, `EPERM`',
    kind: 'unavailable',
    passes: false,
    sentence: 'This node does not permit a connection to {host}.',
    remedy: 'Allow it in the firewall or policy of the node.',
  },
  'no-resources': {
    when: '`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`',
    kind: 'unavailable',
    passes: true,
    sentence: 'This process has no file descriptor or buffer left for a connection to {host}.',
    remedy: `Raise the limit of open files, or lower --acronis-concurrency. ${tryAgain}`,
  },
  'connection-cut': {
    when: '`ECONNRESET`, `EPIPE`, `UND_ERR_SOCKET`',
    kind: 'unavailable',
    passes: true,
    sentence: 'The connection to {host} was cut before its response was complete.',
    remedy: `If this lasts, see whether a gateway or firewall on the way ends connections. ${tryAgain}`,
  },
  'connection-cut-at-start': {
    when: '`ECONNRESET` and the like before TLS was agreed',
    kind: 'unavailable',
    passes: true,
    sentence: 'The connection to {host} was cut before TLS was agreed on.',
    remedy: `If this lasts, see whether a firewall on the way refuses this host, or what listens there. ${tryAgain}`,
  },
  'response-timeout': {
    when: 'time-out',
    kind: 'unavailable',
    passes: true,
    sentence: '{host} gave no complete response in time.',
    remedy: `If this lasts, see the status page of Acronis, and gateways on the way. ${tryAgain}`,
  },
  'not-http': {
    when: '`HPE_…`',
    kind: 'unavailable',
    passes: false,
    sentence: 'What {host} sent is not HTTP.',
    remedy: "Put the data center's own URL where the credentials come from, or see what else answers under its name.",
  },
  'response-broken': {
    when: '`UND_ERR_HEADERS_OVERFLOW`, `UND_ERR_RES_CONTENT_LENGTH_MISMATCH`, and others of undici',
    kind: 'unavailable',
    passes: true,
    sentence: 'The response of {host} is broken: its headers are too large, or its length is not the announced one.',
    remedy: `If this lasts, see whether a gateway on the way changes responses. ${tryAgain}`,
  },
  'request-invalid': {
    when: '`UND_ERR_INVALID_ARG`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The request to {host} could not be formed, and nothing was sent.',
    remedy: 'This is a bug: please report it.',
  },
  'shutting-down': {
    when: '`UND_ERR_CLOSED`, `UND_ERR_DESTROYED`',
    kind: 'unavailable',
    passes: true,
    sentence: 'The connections to {host} are closed: the operator is shutting down, or the API client was replaced.',
    remedy: tryAgain,
  },
  'connection-failed': {
    when: 'any other failure',
    kind: 'unavailable',
    passes: true,
    sentence: 'The connection to {host} failed.',
    remedy: `If this lasts, --log-level debug shows the code. ${tryAgain}`,
  },
} as const satisfies Causes;

export type NetworkCauseId = keyof typeof network;

const byCode: Readonly<Record<string, NetworkCauseId>> = {
  ECONNREFUSED: 'connection-refused',
  ENOTFOUND: 'no-such-name',
  EAI_NONAME: 'no-such-name',
  EAI_NODATA: 'no-such-name',
  ENODATA: 'no-such-name',
  EAI_AGAIN: 'no-dns',
  EAI_FAIL: 'no-dns',
  EAI_SYSTEM: 'no-dns',
  ESERVFAIL: 'no-dns',
  EREFUSED: 'no-dns',
  ETIMEOUT: 'no-dns',
  ECONNTIMEOUT: 'connection-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connection-timeout',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'connection-timeout',
  ETIMEDOUT: 'connection-cut',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  EHOSTDOWN: 'no-route',
  ENETDOWN: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  EACCES: 'connection-not-permitted',
  EPERM: 'connection-not-permitted',
  EMFILE: 'no-resources',
  ENFILE: 'no-resources',
  ENOBUFS: 'no-resources',
  ENOMEM: 'no-resources',
  ECONNRESET: 'connection-cut',
  ECONNABORTED: 'connection-cut',
  ENETRESET: 'connection-cut',
  EPIPE: 'connection-cut',
  UND_ERR_SOCKET: 'connection-cut',
  UND_ERR_HEADERS_OVERFLOW: 'response-broken',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'response-broken',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'response-broken',
  UND_ERR_BODY_TIMEOUT: 'response-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'response-timeout',
  UND_ERR_INVALID_ARG: 'request-invalid',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'request-invalid',
  ERR_INVALID_CHAR: 'request-invalid',
  UND_ERR_CLOSED: 'shutting-down',
  UND_ERR_DESTROYED: 'shutting-down',
};

/** The same code can come from connecting and from what follows it. */
const whileConnecting: Readonly<Record<string, NetworkCauseId>> = {
  ETIMEDOUT: 'connection-timeout',
  ECONNRESET: 'connection-cut-at-start',
  ECONNABORTED: 'connection-cut-at-start',
  EPIPE: 'connection-cut-at-start',
  UND_ERR_SOCKET: 'connection-cut-at-start',
};

/** @param connecting whether it happened before the connection was there. */
export function networkCauseOf(code: string, connecting: boolean): NetworkCauseId {
  if (code.startsWith('HPE_')) return 'not-http';
  return (connecting ? whileConnecting[code] : undefined) ?? byCode[code] ?? 'connection-failed';
}

/** Which failures come before anything is sent, wherever they are thrown. */
const neverSent: ReadonlySet<NetworkCauseId> = new Set([
  'connection-refused',
  'no-such-name',
  'no-dns',
  'connection-timeout',
  'no-route',
  'request-invalid',
]);
export const isNeverSent = (id: NetworkCauseId): boolean => neverSent.has(id);
