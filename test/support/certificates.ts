/** Certificates made in a test (X.509 v3, P-256), so that each can be wrong in one way alone. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Issued {
  readonly subject: string;
  readonly key: KeyObject;
  /** PEM. */
  readonly cert: string;
  /** PEM of `key`. */
  readonly keyPem: string;
}

export interface CertificateOptions {
  readonly subject: string;
  /** Absent: self-signed. */
  readonly issuer?: Issued;
  /** DNS names. */
  readonly names?: readonly string[];
  readonly isAuthority?: boolean;
  /** Days from now. */
  readonly from?: number;
  readonly until?: number;
}

const dayMs = 24 * 60 * 60 * 1000;

export function certificate(options: CertificateOptions): Issued {
  const { subject, issuer, names = [], isAuthority = false, from = -1, until = 30 } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const extensions = [
    sequence(
      oid('551d13'),
      der(0x01, Buffer.of(0xff)),
      octets(isAuthority ? sequence(der(0x01, Buffer.of(0xff))) : sequence()),
    ),
    ...(names.length === 0
      ? []
      : [sequence(oid('551d11'), octets(sequence(...names.map((name) => der(0x82, Buffer.from(name))))))]),
  ];
  const signed = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    nameOf(issuer?.subject ?? subject),
    sequence(time(from), time(until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', signed, issuer?.key ?? privateKey);
  const whole = sequence(signed, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  const cert = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { subject, key: privateKey, cert, keyPem };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const octets = (content: Buffer): Buffer => der(0x04, content);
const nameOf = (common: string): Buffer => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(common)))));
/** GeneralizedTime. */
const time = (days: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(Date.now() + days * dayMs).toISOString().replace(/[-:T]|\.\d+/g, '')}`));
