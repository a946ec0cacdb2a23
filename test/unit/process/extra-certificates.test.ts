import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { problemOfExtraCertificates } from '../../../src/process/extra-certificates.ts';

const good = readFileSync(join(import.meta.dirname, '../acronis/http/fixtures/acronis.cert.pem'), 'utf8');

function file(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'upsell-ca-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'ca.pem');
  writeFileSync(path, content);
  return path;
}

test.each([
  ['one certificate', good],
  ['several, with text between', `# ours\n${good}\n# theirs\n${good}`],
  ['Windows line ends', good.replaceAll('\n', '\r\n')],
])('a file with %s is used', async (_, content) => {
  expect(await problemOfExtraCertificates(file(content))).toBeUndefined();
});

test('a variable that is not set or empty is no fault', async () => {
  expect(await problemOfExtraCertificates(undefined)).toBeUndefined();
  expect(await problemOfExtraCertificates('')).toBeUndefined();
});

test.each([
  ['that is empty', '', /which is empty, so it adds no certificate\. Put/],
  ['in DER', new X509Certificate(good).raw, /which is DER, .*openssl x509 -inform der/],
  ['of another kind', 'canary\n', /which holds no PEM certificate/],
  ['with a key alone', '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n', /holds no PEM certificate/],
  [
    'with a broken certificate',
    `${good}-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----\n`,
    /whose certificate number 2 cannot be read/,
  ],
])('a file %s is warned of, with what to do and nothing of what it holds', async (_, content, sentence) => {
  const path = file(content);
  const problem = await problemOfExtraCertificates(path);
  expect(problem).toMatch(sentence);
  expect(problem).toContain(path);
  expect(problem).not.toContain('canary');
});

test('a file that is absent, a directory or not readable is warned of, with the cause', async () => {
  const path = file(good);
  expect(await problemOfExtraCertificates(`${path}.absent`)).toMatch(/which does not exist/);
  mkdirSync(`${path}.d`);
  expect(await problemOfExtraCertificates(`${path}.d`)).toMatch(/cannot be read \(EISDIR\)/);
  chmodSync(path, 0o000);
  // Root reads everything.
  if (process.getuid?.() !== 0) expect(await problemOfExtraCertificates(path)).toMatch(/cannot be read \(EACCES\)/);
});
