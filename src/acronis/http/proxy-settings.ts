/** HTTPS_PROXY and NO_PROXY (and lower case), for requests to Acronis. The proxy's password stays in the URL and is in no message. */
import { type NoProxy, noProxyFrom } from './no-proxy.ts';

export interface ProxySettings {
  /** http or https, with the credentials for it in its user information. */
  readonly url: URL;
  /** Host and port, for messages and the log. */
  readonly name: string;
  /** The variable that says so. */
  readonly variable: string;
  readonly direct: NoProxy;
}

/** A variable cannot be used. The message is one sentence that says why, and what to write. */
export class ProxySettingsError extends Error {
  override readonly name = 'ProxySettingsError';
}

/** @returns undefined where no proxy is set. @throws ProxySettingsError */
export function proxyFrom(env: Readonly<Record<string, string | undefined>>): ProxySettings | undefined {
  // Upper case first, as Go and most others do.
  const variable = ['HTTPS_PROXY', 'https_proxy'].find((name) => (env[name] ?? '').trim() !== '');
  if (variable === undefined) return undefined;
  const text = (env[variable] ?? '').trim();
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.hostname === '' || (url.protocol !== 'http:' && url.protocol !== 'https:') || !decodes(url)) {
    throw new ProxySettingsError(
      `${variable} is not the URL of an HTTP proxy: write one such as http://proxy.example.com:3128 (reserved characters of its password as %XX; SOCKS is not supported).`,
    );
  }
  return {
    url,
    name: `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`,
    variable,
    direct: noProxyFrom(env['NO_PROXY'] || env['no_proxy'] || ''),
  };
}

function decodes({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}
