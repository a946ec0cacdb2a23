/**
 * What to do about a list or watch that failed. Every way it can fail comes through here, and every one has a way back.
 */
import { isExpired, KubernetesError } from '../../../kubernetes/calls/errors.ts';

/** What was in flight when it failed. */
export type During = 'streaming list' | 'paged list' | 'watch';

export interface Failure {
  readonly next: /** The same again: list again, or watch again from the version last seen. */
    | 'again'
    /** The version is worth nothing any more: list again. */
    | 'relist'
    /** A streaming list does not work here just now: list in pages for a while. */
    | 'pages';
  /** One of few words, for counting. */
  readonly reason: string;
  /** What the server asked for, at most `maxRetryAfterMs`. */
  readonly atLeastMs: number;
  /** It may be what was asked for that fails, and not the way to the server: asking for the same again may never work. */
  readonly blamesRequest: boolean;
  /** It will not pass by itself: a person has to act, and it is reported immediately. */
  readonly needsPerson: boolean;
}

/** A server that asks for more is asked again anyway: a stale cache is worse than one more refusal. */
export const maxRetryAfterMs = 300_000;

/** The stream ended in order, but immediately, or before the list it was to bring was complete. */
export const endedEarly = (): KubernetesError =>
  new KubernetesError('the API server ended the watch as soon as it had begun', { reason: 'EndedEarly' });

export const listUnfinished = (): KubernetesError =>
  new KubernetesError('the API server ended the streaming list before it was complete', { reason: 'ListUnfinished' });

export const silent = (ms: number): KubernetesError =>
  new KubernetesError(`nothing came on the watch for ${Math.round(ms / 1000)} s`, { reason: 'Silent' });

/** The server has not come as far as the version that was seen: etcd was restored from a backup, most likely. */
export const versionAhead = (): KubernetesError =>
  new KubernetesError('the API server is behind the resource version that was seen (was etcd restored?)', {
    reason: 'VersionAhead',
  });

export const invalidResponse = (what: string): KubernetesError =>
  new KubernetesError(what, { reason: 'InvalidResponse' });

export function classifyFailure(error: unknown, during: During): Failure {
  const failure = (reason: string, changes: Partial<Failure> = {}): Failure => ({
    next: 'again',
    reason,
    atLeastMs: retryAfterOf(error),
    blamesRequest: false,
    needsPerson: false,
    ...changes,
  });

  if (!(error instanceof KubernetesError)) return failure('Unexpected', { blamesRequest: true });
  if (isExpired(error) || isVersionTooLarge(error)) return failure('Expired', { next: 'relist' });
  switch (error.status) {
    case 0:
      return withoutResponse(error, during, failure);
    case 401:
      return failure('Unauthorized', { needsPerson: true });
    case 403:
      return failure('Forbidden', { needsPerson: true });
    case 404:
      // The kind is gone. When it comes back its objects are others, and an old version would skip their story.
      return failure('NotFound', { next: 'relist', needsPerson: true });
    case 408:
      return failure('TimedOut', { blamesRequest: true });
    case 429:
      return failure('Throttled');
    case 502:
    case 503:
      return failure('Unavailable');
  }
  if (error.status >= 500 && error.status !== 501) return failure('ServerError', { blamesRequest: true });
  // The server understood, and does not want it: the parameters of a streaming list, or the version.
  return failure('Refused', { next: during === 'streaming list' ? 'pages' : 'relist' });
}

function withoutResponse(
  error: KubernetesError,
  during: During,
  failure: (reason: string, changes?: Partial<Failure>) => Failure,
): Failure {
  switch (error.reason) {
    case 'VersionAhead':
      return failure(error.reason, { next: 'relist' });
    case 'ListUnfinished':
      return failure(error.reason, { next: 'pages' });
    case 'Silent':
      // A server that does not know streaming lists watches, and never says that the list is complete.
      return failure(error.reason, { next: during === 'streaming list' ? 'pages' : 'again' });
    case 'ConnectionFailed':
      return failure(error.reason, { blamesRequest: !neverReached(error) });
    case 'CertificateNotTrusted':
    case 'CredentialsUnavailable':
      return failure(error.reason, { needsPerson: true });
    case 'CredentialsLate':
      return failure(error.reason);
    case 'EndedEarly':
    case 'TimedOut':
    case 'InvalidResponse':
    case 'ResponseTooLarge':
      return failure(error.reason, { blamesRequest: true });
    default:
      return failure('ConnectionFailed', { blamesRequest: true });
  }
}

/** After etcd was restored from a backup, or behind a balancer on a server that lags: the version lies in the server's future. */
const isVersionTooLarge = (error: KubernetesError): boolean =>
  error.status === 504 && error.message.includes('Too large resource version');

function retryAfterOf(error: unknown): number {
  const asked = error instanceof KubernetesError ? error.retryAfterMs : undefined;
  return asked !== undefined && asked > 0 ? Math.min(asked, maxRetryAfterMs) : 0;
}

const connectCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function neverReached(error: Error): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string' && connectCodes.has(at.code)) return true;
  }
  return false;
}
