/** Responses as values, and the shapes errors come in: the envelope, the bare 404, and the flat OAuth form of the token route. */
import type { SwitchValues } from '../switches.ts';

export interface ApiResponse {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly text?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown): ApiResponse => ({ status: 200, body });

const DOMAIN = 'PlatformAccountServer';

export function envelope(
  status: number,
  code: number | string,
  message: string,
  info: string | null = null,
  context: Readonly<Record<string, unknown>> = {},
): ApiResponse {
  return { status, body: { error: { code, message, domain: DOMAIN, details: { info }, context } } };
}

/** 400 about one parameter or field. */
export const malformed = (field: string, sentence: string): ApiResponse =>
  envelope(400, 400, 'Bad Request', `ParameterMalformed: ${field}: ${sentence}`, { field });

export const notFound = (switches: SwitchValues): ApiResponse =>
  switches.notFoundBody === 'bare'
    ? { status: 404, body: { error: { code: 404, message: 'Not found' } } }
    : envelope(404, 404, 'Not found', 'The object does not exist, or it cannot be seen from here.');

export const forbidden = (info: string): ApiResponse => envelope(403, 1002, 'Access denied.', info);

/** What lies outside the client's subtree. */
export const outside = (switches: SwitchValues): ApiResponse =>
  switches.outside === 'forbidden' ? forbidden('The object is outside the tenant of this client.') : notFound(switches);

export const locked = (): ApiResponse =>
  envelope(403, 1012, 'Tenant is locked.', 'Only the owner of the lock may change what is inside this tenant.');

export const methodNotAllowed = (allowed: readonly string[]): ApiResponse => ({
  ...envelope(405, 405, 'Method Not Allowed', `Use ${allowed.join(' or ')}.`),
  headers: { allow: allowed.join(', ') },
});

export const unsupportedMedia = (): ApiResponse =>
  envelope(415, 415, 'Unsupported Media Type', 'Send Content-Type: application/json.');

export const tooLarge = (limit: number): ApiResponse =>
  envelope(413, 413, 'Payload Too Large', `The body may have at most ${limit} bytes.`);

export function unauthorized(switches: SwitchValues): ApiResponse {
  const headers = { 'www-authenticate': 'Bearer' };
  switch (switches.unauthorizedBody) {
    case 'envelope':
      return { ...envelope(401, 401, 'Unauthorized', 'The token is missing, expired or revoked.'), headers };
    case 'stringCode':
      return {
        status: 401,
        body: {
          error: { domain: 'AccountServer', code: 'authenticationFailed', message: 'Authentication is failed.' },
        },
        headers,
      };
    case 'flat':
      return { ...flat(401, 'access_denied', 'The token is missing, expired or revoked.'), headers };
    case 'empty':
      return { status: 401, text: '', headers };
    case 'html':
      return { status: 401, text: htmlPage('401 Authorization Required'), type: 'text/html', headers };
  }
}

/** A stale revision: platform code 1001 under the status that the switch sets. */
export function versionConflict(switches: SwitchValues): ApiResponse {
  const status = switches.conflictStatus;
  const code = { number: 1001, string: '1001', status }[switches.conflictCode];
  return envelope(status, code, 'Version mismatch.', 'The object was changed since it was read. Read it again.');
}

/** The other meaning of 409: the name is taken. */
export const duplicate = (): ApiResponse => envelope(409, 409, 'Another object of the same type already exists.');

/** The form of the token route: `error` is a text there. */
export const flat = (
  status: number,
  error: string,
  description: string,
  more: Readonly<Record<string, string>> = {},
): ApiResponse => ({ status, body: { ...more, error, error_description: description } });

export const htmlPage = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n`;
