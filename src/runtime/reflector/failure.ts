/**
 * What to do about a list or watch that failed. Every way it can fail comes through here, and every one has a way back.
 */
import { isExpired, KubernetesError } from '../../kubernetes/calls/errors.ts';
import { isRecord } from './object-meta.ts';

/** What was going on when it failed. */
export type During = 'streaming list' | 'paged list' | 'watch';

export interface Verdict {
  readonly next: /** The same again: list again, or watch again from the version last seen. */
    | 'again'
    /** The version is worth nothing any more: list anew. */
    | 'relist'
    /** This server does not do streaming lists: list in pages from now on. */
    | 'pages';
  /** One of few words, for counting. */
  readonly reason: string;
  /** What the server asked for, at most `longestRetryAfterMs`. */
  readonly atLeastMs: number;
  /** It may be what was asked for that fails, and not the way to the server: asking for the same for ever may never work. */
  readonly blamesRequest: boolean;
  /** It will not pass by itself: somebody has to do something, and is told at once. */
  readonly needsSomebody: boolean;
}

/** A server that asks for more is asked again anyway: being deaf for long is worse than being refused once more. */
export const longestRetryAfterMs = 300_000;

/** The stream ended in order, but at once, or before the list it was to bring was complete. */
export const endedEarly = (): KubernetesError =>
  new KubernetesError('the API server ended the watch as soon as it had begun', { reason: 'EndedEarly' });

export const listUnfinished = (): KubernetesError =>
  new KubernetesError('the API server ended the streaming list before it was complete', { reason: 'ListUnfinished' });

export const silent = (ms: number): KubernetesError =>
  new KubernetesError(`nothing was heard on the watch for ${Math.round(ms / 1000)} s`, { reason: 'Silent' });

export const invalidAnswer = (what: string): KubernetesError => new KubernetesError(what, { reason: 'InvalidAnswer' });

export function classifyFailure(error: unknown, during: During): Verdict {
  const verdict = (reason: string, changes: Partial<Verdict> = {}): Verdict => ({
    next: 'again',
    reason,
    atLeastMs: retryAfterOf(error),
    blamesRequest: false,
    needsSomebody: false,
    ...changes,
  });

  if (!(error instanceof KubernetesError)) return verdict('Unexpected', { blamesRequest: true });
  if (isExpired(error) || isVersionTooLarge(error)) return verdict('Expired', { next: 'relist' });
  switch (error.status) {
    case 0:
      return withoutAnswer(error, during, verdict);
    case 401:
      return verdict('Unauthorized', { needsSomebody: true });
    case 403:
      return verdict('Forbidden', { needsSomebody: true });
    case 404:
      // The kind is gone. When it comes back its objects are others, and an old version would skip their story.
      return verdict('NotFound', { next: 'relist', needsSomebody: true });
    case 408:
      return verdict('TimedOut', { blamesRequest: true });
    case 429:
      return verdict('Throttled');
    case 502:
    case 503:
      return verdict('Unavailable');
  }
  if (error.status >= 500 && error.status !== 501) return verdict('ServerError', { blamesRequest: true });
  // The server understood, and does not want it: the parameters of a streaming list, or the version.
  return verdict('Refused', { next: during === 'streaming list' ? 'pages' : 'relist' });
}

function withoutAnswer(
  error: KubernetesError,
  during: During,
  verdict: (reason: string, changes?: Partial<Verdict>) => Verdict,
): Verdict {
  switch (error.reason) {
    case 'ListUnfinished':
      return verdict(error.reason, { next: 'pages' });
    case 'Silent':
      // A server that does not know streaming lists watches, and never says that the list is complete.
      return verdict(error.reason, { next: during === 'streaming list' ? 'pages' : 'again' });
    case 'ConnectionFailed':
      return verdict(error.reason, { blamesRequest: !neverReached(error) });
    case 'CertificateNotTrusted':
    case 'CredentialsUnavailable':
      return verdict(error.reason, { needsSomebody: true });
    case 'CredentialsLate':
      return verdict(error.reason);
    case 'EndedEarly':
    case 'TimedOut':
    case 'InvalidAnswer':
    case 'AnswerTooLarge':
      return verdict(error.reason, { blamesRequest: true });
    default:
      return verdict('ConnectionFailed', { blamesRequest: true });
  }
}

/** The error that an ERROR event carries: a Status, if all is as it should be. */
export function errorOfEvent(object: unknown): KubernetesError {
  if (!isRecord(object)) return invalidAnswer('the API server sent an error event that says nothing');
  const details = object['details'];
  const seconds = isRecord(details) ? details['retryAfterSeconds'] : undefined;
  const reason = object['reason'];
  const message = object['message'];
  const code = object['code'];
  return new KubernetesError(typeof message === 'string' ? message : 'the API server ended the watch with an error', {
    // An error event is an answer of the server, whatever it leaves out.
    status: typeof code === 'number' && code > 0 ? code : 500,
    reason: typeof reason === 'string' ? reason : '',
    retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined,
  });
}

/** After etcd was restored from a backup, or behind a balancer on a server that lags: the version lies in the server's future. */
const isVersionTooLarge = (error: KubernetesError): boolean =>
  error.status === 504 && error.message.includes('Too large resource version');

function retryAfterOf(error: unknown): number {
  const asked = error instanceof KubernetesError ? error.retryAfterMs : undefined;
  return asked !== undefined && asked > 0 ? Math.min(asked, longestRetryAfterMs) : 0;
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
