/**
 * Reads what an API server, or something in front of it, responded: JSON where it succeeded, and one KubernetesError for everything else.
 */
import * as z from 'zod';
import { parseExactJson } from '../../base/exact-json.ts';
import { type HttpResponse, headerOf, retryAfterOf } from '../../base/http/http.ts';
import { KubernetesError } from './errors.ts';

const statusObject = z.object({
  kind: z.literal('Status'),
  message: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  details: z
    .object({ retryAfterSeconds: z.number().nonnegative().optional().catch(undefined) })
    .optional()
    .catch(undefined),
});

const maxMessageLength = 500;

/** Says that it is JSON, as every response of an API server does and a gateway's page does not. */
export const isJson = (response: HttpResponse): boolean =>
  headerOf(response, 'content-type')?.startsWith('application/json') === true;

/** As far as can be judged without parsing it: an object of the API, whole. What a gateway says in its own JSON must not pass for a write that was done. */
export function isWholeObject(response: HttpResponse): boolean {
  const { body } = response;
  if (!isJson(response) || body[0] !== brace.open || !body.toString('latin1', 0, 200).includes('"apiVersion"'))
    return false;
  return body[body.at(-1) === brace.newline ? body.length - 2 : body.length - 1] === brace.close;
}
const brace = { open: 0x7b, close: 0x7d, newline: 0x0a } as const;

/** The body of a 2xx response, its integers exact up to int64; undefined where there is none. @throws KubernetesError when it is not JSON */
export function jsonOf(response: HttpResponse, what: string): unknown {
  if (response.body.length === 0 && response.status === 204) return undefined;
  try {
    return parseExactJson(response.body.toString());
  } catch {
    throw notTheApis(response, what);
  }
}

/** The error that a success means which is not the API's own. */
export const notTheApis = (response: HttpResponse, what: string): KubernetesError =>
  new KubernetesError(`${what}: ${strange(response)}`, { status: response.status, reason: 'InvalidResponse' });

/** The error that a response outside 2xx means. `wall` is the time of day, for a Retry-After that is a date. */
export function failureOf(response: HttpResponse, what: string, wall: number): KubernetesError {
  const body = statusIn(response);
  const { status } = response;
  const retryAfterMs =
    retryAfterOf(response, wall) ??
    (body?.details?.retryAfterSeconds === undefined ? undefined : body.details.retryAfterSeconds * 1_000);
  if (body === undefined) {
    // The API server itself says some things in plain text: that it knows no such path, or that it is overloaded.
    const plain = response.body.length === 0 || contentType(response) === 'text/plain';
    const reason = plain ? wordFor(status) : 'InvalidResponse';
    const text =
      plain && status === 404
        ? '404 NotFound: the server knows no such path (is the CRD installed?)'
        : strange(response);
    return new KubernetesError(`${what}: ${text}`, { status, reason, retryAfterMs });
  }
  const reason = body.reason ?? wordFor(status);
  const said = body.message ?? '';
  const message = said.length > maxMessageLength ? `${said.slice(0, maxMessageLength)}…` : said;
  return new KubernetesError(`${what}: ${status} ${reason}${message === '' ? '' : `: ${message}`}`, {
    status,
    reason,
    retryAfterMs,
  });
}

function statusIn(response: HttpResponse): z.infer<typeof statusObject> | undefined {
  try {
    return statusObject.safeParse(JSON.parse(response.body.toString())).data;
  } catch {
    return undefined;
  }
}

/** About a response that is not the API's own. Its body may be anything, so it is not repeated. */
function strange(response: HttpResponse): string {
  const type = contentType(response);
  const size = response.body.length === 0 ? 'nothing' : type;
  return `${response.status} with ${size} instead of the API's JSON (is a proxy or gateway in between, or the address another server's?)`;
}

function contentType(response: HttpResponse): string {
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(headerOf(response, 'content-type') ?? '')?.[0];
  return type === 'application/json' ? 'broken JSON' : (type ?? 'a body without a content type');
}

function wordFor(status: number): string {
  const words: Readonly<Record<number, string>> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Gone',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return words[status] ?? '';
}
