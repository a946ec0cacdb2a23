/**
 * What Node and undici throw when there is no response, as an AcronisError: whether the request can have arrived, and which of the few things that
 * a person would mend differently it is. Only codes are read: messages of lower layers can hold parts of what was sent.
 */
import { AcronisError, unavailableMessage } from '../errors.ts';
import { ProxyError } from './egress.ts';
import { NotPublicError } from './public-address.ts';

/** Failures of a name, a route or a connection, which come before anything is sent. After any other one the request may have arrived. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
]);

/** OpenSSL's and Node's names for a certificate that proves nothing; the handshake ends before anything is sent. */
const distrust = /CERT|LEAF_SIGNATURE/;

export function noResponse(cause: unknown, timedOut: boolean): AcronisError {
  const code = timedOut ? 'time-out' : codeOf(cause);
  if (cause instanceof NotPublicError) return new AcronisError('urlNotAllowed', cause.message, { detail: code, cause });
  if (cause instanceof ProxyError) return new AcronisError('unavailable', cause.message, { detail: code, cause });
  const untrusted = distrust.test(code);
  return new AcronisError('unavailable', messageOf(code, untrusted), {
    outcomeUnknown: !neverSent.has(code) && !untrusted && !failedToConnect(cause),
    detail: code || 'connection failed',
    cause,
  });
}

function messageOf(code: string, untrusted: boolean): string {
  if (untrusted) return "The certificate of the data center's URL is not trusted.";
  if (code === 'ENOTFOUND') return "The host name of the data center's URL does not exist.";
  return unavailableMessage;
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';

/** The same code, such as ETIMEDOUT, can come from connecting and from reading. */
const failedToConnect = (cause: unknown): boolean =>
  cause instanceof Error && 'syscall' in cause && cause.syscall === 'connect';
