/**
 * A connection that was not made, so that nothing was sent over it. Of what the lower layers threw the code goes along, and of a certificate that proves
 * nothing the issuer: the rest drags sockets and certificates into memory and into whatever prints it.
 */
import { type PeerCertificate, TLSSocket } from 'node:tls';
import type { Connector } from '../../base/http/connector.ts';
import { NotPublicError } from './public-address.ts';

export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  readonly code: string;
  /** Who issued the certificate that was shown, if one was. */
  readonly issuer: string | undefined;

  constructor(error: Error, issuer: string | undefined) {
    super('no connection', error instanceof NotPublicError ? { cause: error } : undefined);
    this.code = codeOf(error);
    this.issuer = issuer;
  }
}

/** The same connector, whose failures are `ConnectFailure`. */
export const withConnectFailure =
  (connect: Connector): Connector =>
  (target, callback) => {
    let issuer: string | undefined;
    // undici's type hides that its connector returns the socket.
    const socket: unknown = connect(target, (error, made) => {
      if (error !== null || made === null) callback(new ConnectFailure(error ?? new Error(), issuer), null);
      else callback(null, made);
    });
    // Before Node judges the certificate, since it destroys the socket then. (After getPeerX509Certificate it finds no names in it: Node 24.)
    if (socket instanceof TLSSocket)
      socket.prependOnceListener('secure', () => {
        issuer = issuerOf(socket.getPeerCertificate());
      });
  };

const maxIssuerLength = 64;

/** The issuer by its common name, or its organisation. */
function issuerOf(certificate: Partial<PeerCertificate>): string | undefined {
  const { CN, O } = certificate.issuer ?? {};
  const names: unknown = CN ?? O;
  const name: unknown = Array.isArray(names) ? names[0] : names;
  if (typeof name !== 'string') return undefined;
  // Anyone can write a certificate.
  const shown = name.replace(/[^\p{L}\p{N} .,:*_'&()/+-]/gu, '').slice(0, maxIssuerLength);
  return shown === '' ? undefined : shown;
}

/** Which of several addresses' failures says most: that there is no route for a family says nothing of the other one. */
const byWeight = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'EACCES',
  'EPERM',
  'EHOSTUNREACH',
];

function codeOf(error: Error): string {
  const codes = (error instanceof AggregateError ? [...error.errors, error] : [error]).map((each: unknown) =>
    each instanceof Error && 'code' in each && typeof each.code === 'string' ? each.code : '',
  );
  return byWeight.find((code) => codes.includes(code)) ?? codes.find((code) => code !== '') ?? '';
}
