/**
 * The failure of a call to Acronis: of which kind it is, whom it speaks of, and the sentence that says why and what to do. Callers read `kind` and never a
 * status. The message stands in conditions: it comes from the table of causes and is constant for what went wrong, so that a lasting failure writes no
 * status twice; of bodies it repeats known codes alone, since texts may name people.
 */
import { type CauseId, causeOf, type FactsOf, messageOf } from './causes/table.ts';

export type AcronisErrorKind =
  /** No response, or one that says "later": time-out, cut connection, 5xx, a page that is not the API's. */
  | 'unavailable'
  /** The URL's host name leads where no credentials are sent. Nothing was sent. */
  | 'urlNotAllowed'
  /** 429, or 503 with Retry-After. */
  | 'throttled'
  /** The token was refused although it is new, or no token was given. */
  | 'credentials'
  /** 403, or a platform code that says the same. */
  | 'forbidden'
  | 'notFound'
  /** The revision that was sent may not be the current one: a read shows whether it moved. */
  | 'conflict'
  /** Any other response that says no, and will say no again. */
  | 'rejected';

/**
 * Whom a failure says something about: circuit, rate limiter and batch act within it and never beyond. `user`: what the call was about, which is one user or
 * the users of a batch.
 */
export type AcronisScope = 'user' | 'account' | 'service';

export interface AcronisErrorDetails {
  /** Its entry in the table of causes. */
  readonly causeId?: CauseId | undefined;
  readonly status?: number;
  readonly code?: number | undefined;
  /** Without it: `service` for what is unavailable, `account` for the rest. */
  readonly scope?: AcronisScope;
  readonly outcomeUnknown?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly detail?: string;
  readonly cause?: unknown;
}

export class AcronisError extends Error {
  override readonly name = 'AcronisError';
  readonly kind: AcronisErrorKind;
  readonly causeId: CauseId | undefined;
  readonly scope: AcronisScope;
  /** 0 where no response came. */
  readonly status: number;
  /** The platform's own code, where the response had one. */
  readonly code: number | undefined;
  /** True where the request may have reached the API and been applied although no response says so. */
  readonly outcomeUnknown: boolean;
  /** How long Acronis asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What exactly went wrong, in few words for the log. It may change from try to try, so the message leaves it out. */
  readonly detail: string;

  /** @param message sentence and remedy, for people. */
  constructor(kind: AcronisErrorKind, message: string, details: AcronisErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.causeId = details.causeId;
    this.scope = details.scope ?? (kind === 'unavailable' ? 'service' : 'account');
    this.status = details.status ?? 0;
    this.code = details.code;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.detail = details.detail ?? '';
  }

  /** The same failure in the same words, of which something else is known: nothing of the response goes along but what `details` says. */
  again(details: AcronisErrorDetails): AcronisError {
    return new AcronisError(this.kind, this.message, { causeId: this.causeId, ...details });
  }

  /**
   * The same failure, of a call about one user: as long as other users are served it speaks of this one alone. What speaks of the client (its token,
   * its URL, its rate) or comes before any request (no name, no connection, no trust) stays as wide as it is.
   */
  ofOneUser(): AcronisError {
    const { kind, status, code, outcomeUnknown, retryAfterMs, detail, cause } = this;
    const isWider =
      kind === 'credentials' || kind === 'urlNotAllowed' || status === 429 || (status >= 300 && status < 400);
    if (isWider || (status === 0 && !outcomeUnknown)) return this;
    return this.again({ status, code, outcomeUnknown, retryAfterMs, detail, cause, scope: 'user' });
  }
}

/** The causes that are failures of a call. */
export type CallCauseId = {
  [Id in CauseId]: typeof import('./causes/table.ts').causes[Id]['kind'] extends AcronisErrorKind ? Id : never;
}[CauseId];

/** The failure that the table describes under this id. */
export function failed<Id extends CallCauseId>(
  id: Id,
  facts: FactsOf<Id>,
  details: Omit<AcronisErrorDetails, 'causeId'> = {},
): AcronisError {
  const { kind } = causeOf(id);
  // The types exclude it: there are no credentials to make a call with.
  if (kind === 'missing') throw new TypeError(`${id} is no failure of a call`);
  return new AcronisError(kind, messageOf(id, facts), { ...details, causeId: id });
}

/** A response that is not what the API would send: whatever its status, it proves nothing, and a write may have been applied. */
export const notTheApis = <Id extends CallCauseId>(
  id: Id,
  facts: FactsOf<Id>,
  detail: string,
  status = 0,
): AcronisError => failed(id, facts, { status, detail, outcomeUnknown: true });

/** Host and port of a URL, as sentences name it: no user information, path or query. */
export const hostOf = (url: string): string => URL.parse(url)?.host ?? 'the URL';
