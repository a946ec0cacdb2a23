/**
 * NODE_EXTRA_CA_CERTS: whether the file adds certificates. Node reads it at its start and goes on without what it cannot read, so that the failure shows as an
 * untrusted certificate much later. The path is shown; nothing of the file is.
 */
import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';

/** A bundle of all public authorities has a quarter of a megabyte. */
const maxBytes = 16 * 1024 * 1024;
const pem = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
/** A DER certificate is a SEQUENCE with a length of two bytes. */
const isDer = (bytes: Buffer): boolean => bytes[0] === 0x30 && bytes[1] === 0x82;

/**
 * @param path the variable's value.
 * @returns what is wrong and what to do, as a sentence; undefined where it adds certificates, or is not set.
 */
export async function problemOfExtraCertificates(path: string | undefined): Promise<string | undefined> {
  if (path === undefined || path === '') return undefined;
  const wrong = (what: string, remedy: string): string =>
    `NODE_EXTRA_CA_CERTS names ${path}, which ${what}, so it adds no certificate. ${remedy}`;
  let bytes: Buffer;
  try {
    bytes = await read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no code';
    if (code === 'ENOENT')
      return wrong('does not exist', 'Mount the file there, or correct the variable; then restart the process.');
    return wrong(`cannot be read (${code})`, 'Make it a file that this process may read, and restart it.');
  }
  if (bytes.length === 0) return wrong('is empty', 'Put the certificate of the authority into it as PEM.');
  if (isDer(bytes)) return wrong('is DER', 'Convert it to PEM (openssl x509 -inform der -in FILE -out FILE.pem).');
  const certificates = bytes.toString('latin1').match(pem) ?? [];
  if (certificates.length === 0)
    return wrong('holds no PEM certificate', 'It has to hold blocks of -----BEGIN CERTIFICATE-----.');
  const broken = certificates.findIndex((text) => !isCertificate(text));
  if (broken === -1) return undefined;
  // Node stops at the first one that it cannot read.
  return `NODE_EXTRA_CA_CERTS names ${path}, whose certificate number ${broken + 1} cannot be read: it and those after it are not added. Put that certificate into it again as PEM.`;
}

async function read(path: string): Promise<Buffer> {
  await using file = await open(path);
  const size = Math.min((await file.stat()).size, maxBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text.replaceAll(/(X509|TRUSTED) CERT/g, 'CERT')).subject !== undefined;
  } catch {
    return false;
  }
}
