import { describe, expect, test } from 'vitest';
import { checkUrl, type UrlPolicy } from '../../../../src/acronis/http/url.ts';

const policy: UrlPolicy = { hosts: ['*.acronis.com', '*.acronis.cloud', 'portal.partner.example'], insecure: false };
const insecure: UrlPolicy = { ...policy, insecure: true };

describe('a URL that credentials may be sent to', () => {
  test.each([
    'https://eu2-cloud.acronis.com',
    'https://eu2-cloud.acronis.com/',
    'https://eu2-cloud.acronis.com///',
    'https://eu2-cloud.acronis.com/api/2',
    'https://eu2-cloud.acronis.com/api/2/',
    'https://eu2-cloud.acronis.com:443',
    'https://eu2-cloud.acronis.com?',
    '  https://eu2-cloud.acronis.com\n',
    'HTTPS://EU2-Cloud.Acronis.COM',
    'https://eu2-cloud.acronis\u3002com',
    'https://\uff45u2-cloud.acronis.com',
    'https:eu2-cloud.acronis.com',
    'https://eu2-\tcloud.acronis.com',
  ])('%j is the same data center', (text) => {
    expect(checkUrl(text, policy)).toEqual({ ok: true, base: 'https://eu2-cloud.acronis.com/api/2' });
  });

  test.each([
    ['https://eu8.acronis.cloud', 'https://eu8.acronis.cloud/api/2'],
    ['https://a.b.acronis.com', 'https://a.b.acronis.com/api/2'],
    ['https://portal.partner.example', 'https://portal.partner.example/api/2'],
  ])('%j is below the list', (text, base) => {
    expect(checkUrl(text, policy)).toEqual({ ok: true, base });
  });

  test('the list is read in any letter case', () => {
    expect(checkUrl('https://eu.acronis.com', { hosts: ['*.ACRONIS.com'], insecure: false }).ok).toBe(true);
  });
});

describe('a URL that no credential is sent to', () => {
  const outside = 'which is outside --acronis-hosts';
  test.each([
    ['', 'is not a URL'],
    ['eu2-cloud.acronis.com', 'is not a URL'],
    ['//eu2-cloud.acronis.com', 'is not a URL'],
    ['https://', 'is not a URL'],
    ['https://eu2 cloud.acronis.com', 'is not a URL'],
    ['https://eu2-cloud.acronis.com:99999', 'is not a URL'],
    ['http://eu2-cloud.acronis.com', 'is not https'],
    ['ftp://eu2-cloud.acronis.com', 'is not https'],
    ['wss://eu2-cloud.acronis.com', 'is not https'],
    ['file:///etc/passwd', 'has a path'],
    ['javascript:alert(1)', 'has a path'],
    ['https://user@eu2-cloud.acronis.com', 'carries a user name or password'],
    ['https://:secret@eu2-cloud.acronis.com', 'carries a user name or password'],
    ['https://eu2-cloud.acronis.com@evil.org', 'carries a user name or password'],
    ['https://eu2-cloud.acronis.com:x@evil.org', 'carries a user name or password'],
    ['https://eu2-cloud.acronis.com\\@evil.org', 'has a path'],
    ['https://evil.org\\@eu2-cloud.acronis.com', 'has a path'],
    ['https://evil.org#@eu2-cloud.acronis.com', 'carries a query or fragment'],
    ['https://evil.org?eu2-cloud.acronis.com', 'carries a query or fragment'],
    ['https://eu2-cloud.acronis.com?a=b', 'carries a query or fragment'],
    ['https://eu2-cloud.acronis.com/#x', 'carries a query or fragment'],
    ['https://eu2-cloud.acronis.com/api', 'has a path'],
    ['https://eu2-cloud.acronis.com/api/1', 'has a path'],
    ['https://eu2-cloud.acronis.com/api/20', 'has a path'],
    ['https://eu2-cloud.acronis.com/x/api/2', 'has a path'],
    ['https://eu2-cloud.acronis.com/api/2/users', 'has a path'],
    ['https://eu2-cloud.acronis.com/api/2/api/2', 'has a path'],
    ['https://eu2-cloud.acronis.com/API/2', 'has a path'],
    ['https://eu2-cloud.acronis.com/api%2f2', 'has a path'],
    ['https://eu2-cloud.acronis.com:8443', 'names a port'],
    ['https://eu2-cloud.acronis.com:80', 'names a port'],
    ['https://eu2-cloud.acronis.com:0', 'names a port'],
    ['https://127.0.0.1', 'names the IP address'],
    ['https://127.1', 'names the IP address'],
    ['https://2130706433', 'names the IP address'],
    ['https://2130706433/', 'names the IP address'],
    ['https://0x7f000001', 'names the IP address'],
    ['https://0177.0.0.1', 'names the IP address'],
    ['https://0', 'names the IP address'],
    ['https://127.0.0.1.', 'names the IP address'],
    ['https://169.254.169.254', 'names the IP address'],
    ['https://\u2460\u2461\u2467.0.0.1', 'names the IP address'],
    ['https://[::1]', 'names the IP address'],
    ['https://[::ffff:169.254.169.254]', 'names the IP address'],
    ['https://[fe80::1]', 'names the IP address'],
    ['https://acronis.com', outside],
    ['https://.acronis.com', outside],
    ['https://evil-acronis.com', outside],
    ['https://acronis.com.evil.org', outside],
    ['https://eu2-cloud.acronis.com.evil.org', outside],
    ['https://eu2-cloud.acronis.com.', outside],
    ['https://eu2-cloud.acronis.co', outside],
    ['https://eu2-cloud.acronis.comm', outside],
    ['https://eu2-cloud.acr\u043enis.com', outside],
    ['https://eu2-cloud.xn--acrnis-yxe.com', outside],
    ['https://sub.portal.partner.example', outside],
    ['https://localhost', outside],
    ['https://metadata.google.internal', outside],
    [`https://${'a'.repeat(3_000)}.acronis.com`, 'is too long'],
  ])('%j %s', (text, why) => {
    const verdict = checkUrl(text, policy);
    expect(verdict).toMatchObject({ ok: false, problem: expect.stringContaining(why) });
  });

  test('a text of a megabyte of slashes is judged immediately', () => {
    const began = performance.now();
    expect(checkUrl(`https://eu2-cloud.acronis.com${'/'.repeat(1_000_000)}x`, policy).ok).toBe(false);
    expect(checkUrl(`https://eu2-cloud.acronis.com${'/'.repeat(2_000)}x`, policy).ok).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('what is said of a URL repeats its host alone: the rest may hold a password', () => {
    for (const text of [
      'https://user:canary@eu2-cloud.acronis.com',
      'https://canary:canary@evil.example',
      'https://x/canary?canary',
      'https://x?canary',
      'https://x#canary',
      'canary',
      'canary:canary',
    ])
      expect(JSON.stringify(checkUrl(text, policy))).not.toContain('canary');
  });

  test('a host that is refused is named, and so is the setting that would let it through', () => {
    expect(checkUrl('https://acronis.evil.example', policy)).toEqual({
      ok: false,
      problem: expect.stringMatching(
        /^The URL names the host acronis\.evil\.example, which is outside --acronis-hosts \(.+\), so no credentials are sent there\. Write the URL of your data center/,
      ),
    });
  });

  test('a list with a bare star or nothing allows nothing', () => {
    for (const hosts of [[], ['*'], ['.acronis.com'], ['acronis.com']])
      expect(checkUrl('https://eu2-cloud.acronis.com', { hosts, insecure: false }).ok).toBe(false);
  });
});

describe('with --allow-insecure-acronis', () => {
  test.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/api/2'],
    ['http://localhost:8080/api/2', 'http://localhost:8080/api/2'],
    ['https://[::1]:8443/', 'https://[::1]:8443/api/2'],
    ['https://eu2-cloud.acronis.com', 'https://eu2-cloud.acronis.com/api/2'],
  ])('%s may be used', (text, base) => {
    expect(checkUrl(text, insecure)).toEqual({ ok: true, base });
  });

  test.each(['ftp://127.0.0.1', 'http://user:x@127.0.0.1', 'http://127.0.0.1/path', 'http://127.0.0.1?x', 'x'])(
    '%s may not be used all the same',
    (text) => {
      expect(checkUrl(text, insecure).ok).toBe(false);
    },
  );
});
