/** TLS could not be agreed on, or the certificate proves nothing: codes of OpenSSL and Node. Nothing was sent in any of these. */
import type { Causes } from './cause.ts';

const trust =
  'If that is meant (a TLS-inspecting proxy, a gateway of your own), mount the certificate of the authority as PEM and name the file in NODE_EXTRA_CA_CERTS.';

export const tls = {
  'certificate-expired': {
    when: '`CERT_HAS_EXPIRED`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The certificate of {host} has expired (issuer: {issuer}).',
    remedy:
      'Have it renewed there; if it is not, see whether the clock of this node is right. NODE_EXTRA_CA_CERTS does not help here.',
  },
  'certificate-not-yet-valid': {
    when: '`CERT_NOT_YET_VALID`',
    kind: 'unavailable',
    passes: true,
    sentence: 'The certificate of {host} is not valid yet (issuer: {issuer}).',
    remedy: 'See whether the clock of this node is right. NODE_EXTRA_CA_CERTS does not help here.',
  },
  'certificate-other-host': {
    when: '`ERR_TLS_CERT_ALTNAME_INVALID`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The certificate that {host} shows is for another host name (issuer: {issuer}).',
    remedy:
      "Put the data center's own URL where the credentials come from, or see where the cluster's DNS leads this name. NODE_EXTRA_CA_CERTS does not help here.",
  },
  'certificate-self-signed': {
    when: '`DEPTH_ZERO_SELF_SIGNED_CERT`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The certificate of {host} is self-signed (issuer: {issuer}), so it proves nothing.',
    remedy: trust,
  },
  'certificate-private-authority': {
    when: '`SELF_SIGNED_CERT_IN_CHAIN`, `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`, `UNABLE_TO_GET_ISSUER_CERT`',
    kind: 'unavailable',
    passes: false,
    sentence:
      'The certificate of {host} is signed by a private certificate authority that is not trusted here (issuer: {issuer}).',
    remedy: trust,
  },
  'certificate-without-issuer': {
    when: '`UNABLE_TO_VERIFY_LEAF_SIGNATURE`',
    kind: 'unavailable',
    passes: false,
    sentence:
      'The certificate of {host} came without its intermediate certificate: that of its issuer ({issuer}) is missing in the chain and not known here.',
    remedy:
      'Have the server send the whole chain. If the issuer is a private certificate authority, mount its certificate as PEM and name the file in NODE_EXTRA_CA_CERTS.',
  },
  'certificate-revoked': {
    when: '`CERT_REVOKED`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The certificate of {host} was revoked (issuer: {issuer}).',
    remedy: 'Have it replaced there.',
  },
  'certificate-not-trusted': {
    when: 'any other code about a certificate, such as `CERT_SIGNATURE_FAILURE`, `INVALID_CA`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The certificate of {host} is not trusted: its chain is not in order (issuer: {issuer}).',
    remedy: `See the chain that the server sends. ${trust}`,
  },
  'tls-not-spoken': {
    when: '`ERR_SSL_WRONG_VERSION_NUMBER`, `EPROTO` and the like',
    kind: 'unavailable',
    passes: false,
    sentence: 'What listens at {host} does not speak TLS.',
    remedy:
      "Put the data center's own URL where the credentials come from, or see what a proxy or mesh on the way makes of it.",
  },
  'tls-version-refused': {
    when: '`ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION`, `ERR_SSL_…_ALERT_HANDSHAKE_FAILURE` and the like',
    kind: 'unavailable',
    passes: false,
    sentence: '{host} ended the TLS handshake with an alert: it shares no TLS version or cipher with this client.',
    remedy: 'It has to speak TLS 1.2 or later. See whether a gateway on the way ends TLS in its place.',
  },
  'tls-name-refused': {
    when: '`ERR_SSL_TLSV1_UNRECOGNIZED_NAME`',
    kind: 'unavailable',
    passes: false,
    sentence: 'The server at {host} ended the TLS handshake with an alert: it does not know this host name.',
    remedy:
      "Put the data center's own URL where the credentials come from, or see where the cluster's DNS leads this name.",
  },
  'tls-client-certificate': {
    when: '`ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED` and the like',
    kind: 'unavailable',
    passes: false,
    sentence: '{host} ended the TLS handshake with an alert: it wants a certificate of the client.',
    remedy: 'Acronis wants none: see which gateway answers under this name.',
  },
  'tls-failed': {
    when: 'any other `ERR_SSL_…`',
    kind: 'unavailable',
    passes: true,
    sentence: 'The TLS handshake with {host} failed: it was ended with an alert or an error.',
    remedy: 'See what a proxy or gateway on the way does with TLS; --log-level debug shows the code.',
  },
} as const satisfies Causes;

export type TlsCauseId = keyof typeof tls;

const byCode: Readonly<Record<string, TlsCauseId>> = {
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-other-host',
  HOSTNAME_MISMATCH: 'certificate-other-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-private-authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-private-authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-private-authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-without-issuer',
  CERT_REVOKED: 'certificate-revoked',
  EPROTO: 'tls-not-spoken',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls-not-spoken',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls-not-spoken',
  ERR_SSL_HTTP_REQUEST: 'tls-not-spoken',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'tls-name-refused',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls-version-refused',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tls-version-refused',
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: 'tls-version-refused',
};

/** What OpenSSL says of a chain besides the codes above. */
const aboutCertificate =
  /^(?:UNABLE_TO_|CERT_|CRL_|ERROR_IN_|INVALID_|PATH_LENGTH_|OUT_OF_MEM$|SELF_SIGNED_)|LEAF_SIGNATURE/;

/** Undefined where the code is not TLS's. */
export function tlsCauseOf(code: string): TlsCauseId | undefined {
  const known = byCode[code];
  if (known !== undefined) return known;
  if (aboutCertificate.test(code)) return 'certificate-not-trusted';
  if (!code.startsWith('ERR_SSL_')) return undefined;
  if (/CERTIFICATE_REQUIRED|ALERT_(?:BAD|NO)_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN|UNKNOWN_CA/.test(code))
    return 'tls-client-certificate';
  return /PROTOCOL_VERSION|HANDSHAKE_FAILURE|VERSION_TOO|CIPHER/.test(code) ? 'tls-version-refused' : 'tls-failed';
}
