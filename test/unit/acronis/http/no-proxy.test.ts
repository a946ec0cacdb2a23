import { describe, expect, test } from 'vitest';
import { noProxyFrom } from '../../../../src/acronis/http/no-proxy.ts';
import { ProxySettingsError, proxyFrom } from '../../../../src/acronis/http/proxy-settings.ts';

describe('NO_PROXY means for a host what it means for Go', () => {
  test.each([
    // list, host, port, reached without the proxy
    ['', 'eu2-cloud.acronis.com', 443, false],
    ['acronis.com', 'acronis.com', 443, true],
    ['acronis.com', 'eu2-cloud.acronis.com', 443, true],
    ['acronis.com', 'notacronis.com', 443, false],
    ['ACRONIS.com', 'EU2-cloud.Acronis.COM', 443, true],
    ['.acronis.com', 'eu2-cloud.acronis.com', 443, true],
    ['.acronis.com', 'acronis.com', 443, false],
    ['*.acronis.com', 'eu2-cloud.acronis.com', 443, true],
    ['*.acronis.com', 'acronis.com', 443, false],
    ['acronis.com:443', 'eu2-cloud.acronis.com', 443, true],
    ['acronis.com:8443', 'eu2-cloud.acronis.com', 443, false],
    ['.acronis.com:443', 'eu2-cloud.acronis.com', 443, true],
    ['*.acronis.com:8443', 'eu2-cloud.acronis.com', 443, false],
    ['a.com, acronis.com ,b.com', 'eu2-cloud.acronis.com', 443, true],
    ['a.com acronis.com', 'eu2-cloud.acronis.com', 443, true],
    ['acronis.com.', 'eu2-cloud.acronis.com', 443, true],
    ['acronis.com', 'eu2-cloud.acronis.com.', 443, true],
    ['bücher.example', 'xn--bcher-kva.example', 443, true],
    ['*', 'eu2-cloud.acronis.com', 443, true],
    ['a.com,*', '198.51.100.7', 443, true],
    ['*:443', 'eu2-cloud.acronis.com', 443, true],
    ['*:80', 'eu2-cloud.acronis.com', 443, false],
    ['198.51.100.7', '198.51.100.7', 443, true],
    ['198.51.100.7:80', '198.51.100.7', 443, false],
    ['198.51.100.7:443', '198.51.100.7', 443, true],
    ['198.51.100.0/24', '198.51.100.7', 443, true],
    ['198.51.100.0/24', '198.51.101.7', 443, false],
    ['198.51.100.0/24', 'eu2-cloud.acronis.com', 443, false],
    ['0.0.0.0/0', 'eu2-cloud.acronis.com', 443, false],
    ['2001:db8::/32', '2001:db8::7', 443, true],
    ['2001:db8::/32', '198.51.100.7', 443, false],
    ['2001:db8::7', '2001:db8:0:0::7', 443, true],
    ['[2001:db8::7]:443', '2001:db8::7', 443, true],
    ['[2001:db8::7]:80', '2001:db8::7', 443, false],
    ['7.com', '198.51.100.7.com', 443, true],
    ['100.7', '198.51.100.7', 443, false],
    ['198.51.100.0/33', '198.51.100.7', 443, false],
    [':443', 'eu2-cloud.acronis.com', 443, false],
    ['.,:,//,[]', 'eu2-cloud.acronis.com', 443, false],
    ['', 'localhost', 443, true],
    ['', '127.0.0.1', 443, true],
    ['', '::1', 443, true],
  ])('%j and %s:%i: %s', (list, host, port, direct) => {
    expect(noProxyFrom(list)(host, port)).toBe(direct);
  });
});

describe('HTTPS_PROXY', () => {
  test.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '', https_proxy: ' ' }, undefined],
    [{ HTTP_PROXY: 'http://plain:1' }, undefined],
    [{ HTTPS_PROXY: 'http://proxy:3128' }, 'proxy:3128'],
    [{ https_proxy: 'http://proxy:3128' }, 'proxy:3128'],
    [{ HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' }, 'upper:1'],
    [{ HTTPS_PROXY: '', https_proxy: 'http://lower:1' }, 'lower:1'],
    [{ HTTPS_PROXY: 'proxy:3128' }, 'proxy:3128'],
    [{ HTTPS_PROXY: 'jane:p%40ss@proxy' }, 'proxy:80'],
    [{ HTTPS_PROXY: 'https://proxy' }, 'proxy:443'],
    [{ HTTPS_PROXY: 'http://[fd00::1]:3128/' }, '[fd00::1]:3128'],
  ])('%j is the proxy %s', (env, name) => {
    expect(proxyFrom(env)?.name).toBe(name);
  });

  test('NO_PROXY is read in either case', () => {
    const HTTPS_PROXY = 'http://proxy';
    expect(proxyFrom({ HTTPS_PROXY, NO_PROXY: 'a.com' })?.direct('a.com', 443)).toBe(true);
    expect(proxyFrom({ HTTPS_PROXY, no_proxy: 'a.com' })?.direct('a.com', 443)).toBe(true);
    expect(proxyFrom({ HTTPS_PROXY, NO_PROXY: 'b.com', no_proxy: 'a.com' })?.direct('a.com', 443)).toBe(false);
  });

  test.each([
    'socks5://jane:canary@proxy:1080',
    'ftp://jane:canary@proxy',
    'http://',
    'http://jane:can%ary@proxy',
    'http://a b',
  ])('%j is one sentence that names the variable and not the password', (https_proxy) => {
    expect(() => proxyFrom({ https_proxy })).toThrow(ProxySettingsError);
    expect(() => proxyFrom({ https_proxy })).toThrow(/^https_proxy is not the URL of an HTTP proxy: write one such as/);
    try {
      proxyFrom({ https_proxy });
    } catch (error) {
      expect(String(error)).not.toMatch(/can(ary|%)/);
    }
  });
});
