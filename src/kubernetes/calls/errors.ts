/**
 * Every failure of a call to the API server, classified once. `reason` is the server's own word (`Conflict`, `AlreadyExists`, …) or,
 * where the server gave none, one of `LocalReason`; `status` is its HTTP status (0 where none came). Messages carry neither headers nor bodies, and of the
 * server's own words none that look like a credential: what stands before it may say back what it was sent, and messages go into logs and probes.
 */

/** Why there was no usable response, in this client's words. The server never sends these. */
export type LocalReason =
  /** The whole call took longer than it may. */
  | 'TimedOut'
  /** As long, and there was nothing to call with yet. */
  | 'CredentialsLate'
  /** No connection, or one that was cut before the response was complete. */
  | 'ConnectionFailed'
  /** TLS: the certificate of the server is not one that this process is configured to trust. */
  | 'CertificateNotTrusted'
  /** A response that is not the API's: HTML of a gateway, half a JSON document. */
  | 'InvalidResponse'
  | 'ResponseTooLarge'
  /** A watch without one byte for too long. */
  | 'Silent'
  /** The token file, the certificate files or the exec plugin gave nothing to call with. */
  | 'CredentialsUnavailable';

export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly status: number;
  readonly reason: string;
  /** As the server's Retry-After said, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    details: { status?: number; reason?: string; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(withoutCredentials(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status ?? 0;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** What follows the name of a scheme, and JSON Web Tokens wherever they stand. */
const withoutCredentials = (message: string): string =>
  message.replace(/\b(bearer|basic)(\s+)[\w.~+/=-]{16,}/gi, '$1$2…').replace(/\beyJ[\w-]{10,}[\w.-]*/g, '…');

/** A gateway's page with a 404 says nothing about an object, so it counts for none of these. */
const isStatus = (error: unknown, status: number): error is KubernetesError =>
  error instanceof KubernetesError && error.status === status && error.reason !== 'InvalidResponse';

/** 404: the object, or the kind itself, is not there. */
export const isNotFound = (error: unknown): boolean => isStatus(error, 404);
/** 409 that means a stale write (not that the name is taken). */
export const isConflict = (error: unknown): boolean => isStatus(error, 409) && error.reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): boolean => isStatus(error, 409) && error.reason === 'AlreadyExists';
/** 410: the resource version or list token is too old; only a new list helps. */
export const isExpired = (error: unknown): boolean =>
  error instanceof KubernetesError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
export const isForbidden = (error: unknown): boolean => isStatus(error, 403);
export const isUnauthorized = (error: unknown): boolean => isStatus(error, 401);
/** What may go away by itself: no response, a broken one, an overloaded or failing server. */
export const isTransient = (error: unknown): boolean =>
  error instanceof KubernetesError &&
  (error.status === 0 ||
    error.status === 408 ||
    error.status === 429 ||
    error.status >= 500 ||
    error.reason === 'InvalidResponse');
