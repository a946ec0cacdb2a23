/**
 * A response that is no success, as the failure that it is. The API's documents leave open what a stale revision is responded to with, so each form that any
 * source names counts: code 1001 under any 4xx, 412, 426 (KB 71376), and 409 unless a code of the platform says otherwise. Whether the revision really moved
 * is the caller's to read. Bodies are read for their codes only.
 */
import * as z from 'zod';
import { isExplained, meanings } from '../causes/api-codes.ts';
import type { HttpCauseId } from '../causes/http.ts';
import { type AcronisError, failed, hostOf, notTheApis } from '../errors.ts';
import type { BodyForm } from './body.ts';

/** A response that is not a success, as `http.ts` read it. */
export interface ErrorResponse {
  /** What was asked. */
  readonly url: string;
  readonly status: number;
  /** The parsed body; undefined where it was not JSON. */
  readonly body: unknown;
  readonly form: BodyForm;
  readonly retryAfterMs: number | undefined;
  /** The header of a redirect. */
  readonly location: string | undefined;
}

export function classify(response: ErrorResponse): AcronisError {
  const { url, status, retryAfterMs, form } = response;
  const host = hostOf(url);
  const code = codeOf(response.body);
  const platform = typeof code === 'number' && isExplained(code) ? code : undefined;
  const shown = code === undefined || code === status ? '' : `, code ${code}`;
  const said = `HTTP ${status}${shown}${platform === undefined ? '' : `: ${meanings[platform]}`}`;
  const details = { status, ...(isPlatformCode(code) ? { code } : {}), retryAfterMs, detail: said };
  const fail = (id: ByStatus) => failed(id, { host, said }, { ...details, outcomeUnknown: isUnknown(id) });

  if (status === 429 || (status === 503 && (retryAfterMs !== undefined || isThrottleCode(code))))
    return fail('throttled');
  if (status >= 500 || status === 408) return fail('service-error');
  if (status < 300) return pageOrOther(form, host, said, status);
  if (status < 400) {
    const leadsTo = locationHost(response);
    if (leadsTo === undefined || leadsTo === host) return fail('redirect-to-itself');
    return failed('redirect', { host, leadsTo }, details);
  }
  if (status === 407) return fail('proxy-on-the-way');
  if (!errorBody.safeParse(response.body).success) return refusalOfAnother(form, host, said, status);
  if (status === 401) return fail('token-refused');
  if (platform !== undefined)
    return failed(
      `code-${platform}`,
      { host, status: String(status) },
      { ...details, outcomeUnknown: platform === 1000 },
    );
  if (isPlatformCode(code))
    return failed(status === 403 ? 'code-unknown-forbidden' : 'code-unknown', { host, said }, details);
  return fail(byStatus[status] ?? 'rejected');
}

type ByStatus = Exclude<HttpCauseId, 'redirect' | 'client-refused'>;

/** Whether a write may have been applied. */
const isUnknown = (id: ByStatus): boolean => id === 'service-error' || id === 'proxy-on-the-way';

const byStatus: Readonly<Record<number, ByStatus>> = {
  403: 'forbidden',
  404: 'not-found',
  405: 'request-form-refused',
  406: 'request-form-refused',
  409: 'conflict',
  411: 'request-form-refused',
  412: 'conflict',
  413: 'request-too-large',
  414: 'request-too-large',
  415: 'request-form-refused',
  426: 'conflict',
  431: 'request-too-large',
};

function pageOrOther(form: BodyForm, host: string, said: string, status: number): AcronisError {
  switch (form) {
    case 'page':
      return notTheApis('page-answered', { host }, said, status);
    case 'broken':
      return notTheApis('json-broken', { host }, said, status);
    case 'empty':
      return notTheApis('response-empty', { host }, said, status);
    case 'json':
    case 'other':
      return notTheApis('not-json', { host }, said, status);
  }
}

/** A 4xx that the API would not send. */
function refusalOfAnother(form: BodyForm, host: string, said: string, status: number): AcronisError {
  const id = byStatus[status];
  const facts = { host, status: String(status) };
  if (id === 'request-too-large') return notTheApis('gateway-too-large', facts, said, status);
  if (id === 'request-form-refused') return notTheApis('gateway-refused-form', facts, said, status);
  return notTheApis(form === 'page' ? 'page-refused' : 'refusal-of-another', facts, said, status);
}

/** No host name is longer. */
const maxHostLength = 260;

/** Where a redirect leads: the host alone, since path and query may hold tokens. */
function locationHost({ location, url }: ErrorResponse): string | undefined {
  const target = location === undefined ? null : URL.parse(location, url);
  if (target === null || (target.protocol !== 'https:' && target.protocol !== 'http:')) return undefined;
  return target.host === '' || target.host.length > maxHostLength ? undefined : target.host;
}

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

/** A code of the platform: it is no HTTP status, so it says more than the status does. */
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
