/**
 * What Node and undici report when there is no response, in words for people. Only codes are read: messages of
 * lower layers can hold addresses, file names and parts of what was sent.
 */
import { HttpRequestError } from '../../base/http/http.ts';
import { TunnelError } from '../../base/http/tunnel.ts';
import { KubernetesError, type LocalReason } from './errors.ts';

export interface NetworkFailure {
  readonly reason: LocalReason;
  /** Completes "no response from SERVER: …". */
  readonly text: string;
  /** The system's, TLS' or undici's word for it, where there was one. */
  readonly code: string | undefined;
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ETIMEDOUT: 'it did not accept a connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not accept a connection in time',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CLOSED: 'this client is closed',
  UND_ERR_DESTROYED: 'this client is closed',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of its response are too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'its response is shorter or longer than announced',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there',
};

const distrust: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by the configured certificate authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by the configured certificate authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by the configured certificate authority',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not signed by the configured certificate authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by the configured certificate authority',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the configured certificate authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (is the clock of this machine right?)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** Classifies what a connection, TLS or HTTP layer threw. */
export function networkFailure(error: unknown): NetworkFailure {
  if (error instanceof TunnelError) return proxyFailure(error);
  const code = codeOf(error);
  if (code === undefined) return { reason: 'ConnectionFailed', text: 'the connection failed', code };
  const why = distrust[code];
  if (why !== undefined) return { reason: 'CertificateNotTrusted', text: `${why} (${code})`, code };
  if (code.startsWith('HPE_')) return { reason: 'InvalidResponse', text: `what it sent is not HTTP (${code})`, code };
  return { reason: 'ConnectionFailed', text: `${words[code] ?? 'the connection failed'} (${code})`, code };
}

/** The proxy of `proxy-url`, by host and port, and which of the two sides of it failed. */
function proxyFailure({ proxy, code, status, connectCode }: TunnelError): NetworkFailure {
  const named = `the proxy ${proxy} (proxy-url)`;
  const failed = (text: string): NetworkFailure => ({ reason: 'ConnectionFailed', text: `${named} ${text}`, code });
  if (status === 407) return failed('does not accept the credentials in proxy-url (HTTP 407)');
  if (status !== undefined && status >= 500) return failed(`cannot reach it (HTTP ${status})`);
  if (status !== undefined) return failed(`refused to connect to it (HTTP ${status})`);
  if (code === 'PROXY_TIMEOUT') return failed('did not connect to it in time');
  if (code === 'PROXY_CUT') return failed('cut the connection');
  const why = connectCode === undefined ? undefined : (words[connectCode] ?? distrust[connectCode]);
  return failed(`cannot be reached: ${why ?? 'the connection failed'}${connectCode ? ` (${connectCode})` : ''}`);
}

/** Whether it was the proxy that failed: the remedy is another one then. */
export const isProxyFailure = ({ cause }: KubernetesError): boolean =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && cause.code.startsWith('PROXY_');

function codeOf(error: unknown): string | undefined {
  // undici wraps the socket's error; the innermost code says most.
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const inner = at.cause instanceof Error && 'code' in at.cause;
    if (!inner && 'code' in at && typeof at.code === 'string') return at.code;
    // undici gives no code where not even the first line is HTTP.
    if (at.name === 'HTTPParserError') return 'HPE_INVALID_CONSTANT';
  }
  return undefined;
}

const reasons = { timedOut: 'TimedOut', tooLarge: 'ResponseTooLarge' } as const;

/** The error for a call (`what`) that got no response from `server`. */
export function noResponse(error: unknown, what: string, server: string): KubernetesError {
  if (error instanceof KubernetesError) {
    return new KubernetesError(`${what}: ${error.message}`, {
      status: error.status,
      reason: error.reason,
      cause: error.cause,
    });
  }
  if (error instanceof HttpRequestError)
    return new KubernetesError(`${what}: ${error.message}`, { reason: reasons[error.kind] });
  const { reason, text, code } = networkFailure(error);
  // Of the cause only the code goes along: the whole of it drags sockets and certificates into memory and into whatever prints it.
  const cause = code === undefined ? {} : { cause: Object.assign(new Error(text), { code }) };
  return new KubernetesError(`${what}: no response from ${server}: ${text}`, { reason, ...cause });
}
