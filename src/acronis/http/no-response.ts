/**
 * What Node and undici throw when there is no response, as the cause that it is, and whether the request can have arrived. Only codes are read: messages of
 * lower layers can hold parts of what was sent.
 */
import { HttpRequestError } from '../../base/http/http.ts';
import { isNeverSent, networkCauseOf } from '../causes/network.ts';
import { tlsCauseOf } from '../causes/tls.ts';
import { type AcronisError, failed, hostOf, notTheApis } from '../errors.ts';
import { ConnectFailure } from './connect-failure.ts';
import { ProxyFailure } from './egress.ts';
import { NotPublicError } from './public-address.ts';

/** @param url what was asked. */
export function noResponse(thrown: unknown, url: string): AcronisError {
  const host = hostOf(url);
  /** For what is about the name and not about what listens there. */
  const name = host.replace(/:\d+$/, '');
  if (thrown instanceof HttpRequestError) {
    return thrown.kind === 'tooLarge'
      ? notTheApis('response-too-large', { host }, 'more than 10 MB')
      : failed('response-timeout', { host }, { outcomeUnknown: true, detail: 'time-out' });
  }
  if (thrown instanceof ProxyFailure) return failed(thrown.id, { ...thrown.facts, host }, { detail: thrown.code });
  const cause = thrown instanceof ConnectFailure ? thrown.cause : thrown;
  if (cause instanceof NotPublicError)
    return cause.address === undefined
      ? failed('no-address', { host: name }, { detail: cause.code })
      : failed('private-address', { host: name, address: cause.address }, { detail: cause.code });
  const code = codeOf(thrown);
  const details = { detail: code || 'connection failed' };
  const connecting = thrown instanceof ConnectFailure || isConnecting(thrown);
  const tls = tlsCauseOf(code);
  if (tls !== undefined) {
    const issuer = (thrown instanceof ConnectFailure ? thrown.issuer : undefined) ?? 'not shown';
    // A handshake that fails ends before anything is sent; with TLS 1.3 a server can refuse the client afterwards.
    const outcomeUnknown = !connecting && !tls.startsWith('certificate-');
    return failed(tls, { host, issuer }, { ...details, outcomeUnknown });
  }
  const id = networkCauseOf(code, connecting);
  const facts = { host: id === 'no-such-name' || id === 'no-dns' ? name : host };
  return failed(id, facts, { ...details, outcomeUnknown: !connecting && !isNeverSent(id) });
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  // undici gives no code where not even the first line is HTTP.
  return thrown.name === 'HTTPParserError' ? 'HPE_INVALID_CONSTANT' : '';
}

/** The same code, such as ETIMEDOUT, can come from connecting and from reading. */
const isConnecting = (thrown: unknown): boolean =>
  thrown instanceof Error && 'syscall' in thrown && thrown.syscall === 'connect';
