/**
 * Every way in which a call to Acronis fails, classified once, here. Callers read `kind` and never a status.
 * Messages stand in conditions: each is constant for what went wrong, so that a lasting failure writes no status twice. Bodies are read for
 * their codes only, and only known codes are repeated: texts may name people.
 */
import * as z from 'zod';

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

  constructor(kind: AcronisErrorKind, message: string, details: AcronisErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.scope = details.scope ?? (kind === 'unavailable' ? 'service' : 'account');
    this.status = details.status ?? 0;
    this.code = details.code;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.detail = details.detail ?? '';
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
    const same = { status, code, outcomeUnknown, retryAfterMs, detail, cause };
    return new AcronisError(kind, this.message, { ...same, scope: 'user' });
  }
}

export const throttledMessage = 'Acronis asked for fewer requests.';
export const unavailableMessage = 'Acronis could not be reached or could not answer.';

/**
 * A response that is not what the API would send: a gateway's page, another service's JSON. Whatever its status, it proves nothing, and a write may
 * have been applied.
 * @param message constant for what is wrong, where more can be said.
 */
export const notTheApis = (detail: string, status = 0, message = notTheApisMessage): AcronisError =>
  new AcronisError('unavailable', message, { status, detail, outcomeUnknown: true });

const notTheApisMessage = "Acronis answered with something that is not the API's.";

/** A user with a field of another form: which field, and which form. */
export const malformedUser = (problem: string): AcronisError =>
  notTheApis(problem, 0, `Acronis answered with a user that is not of the API's form: ${problem}.`);

/** A response that is not a success, as `http.ts` read it. */
export interface ErrorResponse {
  readonly status: number;
  /** The parsed body; undefined where it was not JSON. */
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

/**
 * The kind of a response that is not 2xx with JSON. The API's documents leave open what a stale revision is responded to with, so each form that any
 * source names counts: code 1001 under any 4xx, 412, 426 (KB 71376), and 409 unless a code of the platform says otherwise. Whether the revision
 * really moved is the caller's to read.
 */
export function classify(response: ErrorResponse): AcronisError {
  const { status, retryAfterMs } = response;
  const code = codeOf(response.body);
  const platform = typeof code === 'number' ? platformCodes[code] : undefined;
  const shown = code === undefined || code === status ? '' : `, code ${code}`;
  const said = `HTTP ${status}${shown}${platform ? `: ${platform.means}` : ''}`;
  const fail = (kind: AcronisErrorKind, message: string) =>
    new AcronisError(kind, message, {
      status,
      ...(isPlatformCode(code) ? { code } : {}),
      retryAfterMs,
      detail: said,
      outcomeUnknown: kind === 'unavailable',
    });
  const isTheApis = errorBody.safeParse(response.body).success;

  if (status === 429 || (status === 503 && (retryAfterMs !== undefined || isThrottleCode(code))))
    return fail('throttled', throttledMessage);
  if (status >= 500 || status === 408) return fail('unavailable', unavailableMessage);
  if (status < 300) return notTheApis(said, status);
  if (status < 400)
    return fail(
      'rejected',
      'The URL answered with a redirect, which is not followed: it is not the data center itself.',
    );
  if (status === 407)
    return fail('unavailable', 'A proxy on the way to Acronis asks for credentials of its own (HTTP 407).');
  if (!isTheApis) return notTheApis(said, status);
  if (status === 401) return fail('credentials', `Acronis did not accept the API client's token (${said}).`);
  if (platform?.kind === 'unavailable') return fail('unavailable', unavailableMessage);
  if (platform) return fail(platform.kind, `Acronis refused the request (${said}).`);
  if (isPlatformCode(code))
    return fail(status === 403 ? 'forbidden' : 'rejected', `Acronis refused the request (${said}).`);
  if (status === 403) return fail('forbidden', `The API client has no right to this (${said}).`);
  if (status === 404) return fail('notFound', `Acronis knows nothing under this id (${said}).`);
  if (status === 409 || status === 412 || status === 426)
    return fail('conflict', `The revision was not the current one (${said}).`);
  return fail('rejected', `Acronis refused the request (${said}).`);
}

/** Platform codes that say more than the HTTP status (guide, "Status and error codes"); their statuses are not documented. */
const platformCodes: Readonly<Record<number, { kind: AcronisErrorKind; means: string }>> = {
  1000: { kind: 'unavailable', means: 'internal error' },
  1001: { kind: 'conflict', means: 'version mismatch' },
  1002: { kind: 'forbidden', means: 'access denied' },
  1003: { kind: 'forbidden', means: 'the parent tenant is disabled' },
  1004: { kind: 'rejected', means: 'tenant name conflict' },
  1005: { kind: 'notFound', means: 'tenant not found' },
  1010: { kind: 'rejected', means: 'e-mail conflict' },
  1011: { kind: 'rejected', means: 'deprovisioning is in progress' },
  1012: { kind: 'forbidden', means: 'the tenant is locked' },
  1013: { kind: 'rejected', means: 'the tenant is disabled' },
  1015: { kind: 'rejected', means: 'infrastructure conflict' },
  1018: { kind: 'rejected', means: 'the user is disabled' },
  1027: { kind: 'rejected', means: 'business rules are not satisfied' },
  1028: { kind: 'rejected', means: 'a guest user exists' },
  1031: { kind: 'rejected', means: 'location conflict' },
  1033: { kind: 'rejected', means: 'invalid login' },
};

/** Words that Acronis' services are known to send as a code: go-appkit, go-authkit, the token endpoint, and what was seen in the wild. */
const words: ReadonlySet<string> = new Set([
  'tooManyRequests',
  'tooManyInFlightRequests',
  'bearerTokenMissing',
  'authenticationFailed',
  'authorizationFailed',
  'notFound',
  'methodNotAllowed',
  'serviceUnavailable',
  'internalError',
  'ParameterMalformed',
  'invalid_client',
  'invalid_request',
  'invalid_grant',
  'invalid_scope',
  'unauthorized_client',
  'unsupported_grant_type',
  'access_denied',
  'totp_setup_required',
  'totp_required',
  'invalid_totp',
]);

/** Codes that Acronis' own Go services send with a 503 when they limit a client (go-appkit). */
const isThrottleCode = (code: Code): boolean => code === 'tooManyRequests' || code === 'tooManyInFlightRequests';

type Code = number | string | undefined;

/** `error` is an object with a code (number or string), or, from the token endpoint, one of OAuth's words: other servers write any text there. */
const errorBody = z.object({
  error: z.union([z.object({ code: z.union([z.number(), z.string()]) }), z.string().refine((word) => words.has(word))]),
});

/** A code of the platform that no table explains here: it is no HTTP status, so it says more than the status does. */
const isPlatformCode = (code: Code): code is number => typeof code === 'number' && code >= 1000;

/** HTTP's own and the platform's. Any other number, or a word that is not known, could be an id or a name. */
const isShown = (code: number): boolean => Number.isInteger(code) && code >= 100 && code < 2000;

function codeOf(body: unknown): Code {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return undefined;
  const { error } = parsed.data;
  const code = typeof error === 'string' ? error : error.code;
  if (typeof code === 'string' && words.has(code)) return code;
  if (typeof code === 'string' && !/^\d{3,4}$/.test(code)) return undefined;
  return isShown(Number(code)) ? Number(code) : undefined;
}
