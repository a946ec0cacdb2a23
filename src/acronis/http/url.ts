/**
 * Where credentials may be sent. A Secret can say any URL; only https to a host of the allow list gets a credential, whatever it says.
 */
import { messageOf } from '../causes/table.ts';
import type { UrlCauseId } from '../causes/url.ts';

export interface UrlPolicy {
  /** Host names, or `*.domain` for every host below a domain. */
  readonly hosts: readonly string[];
  /** http and any host: for a sandbox on one's own machine. */
  readonly insecure: boolean;
}

export type UrlVerdict =
  | { readonly ok: true; readonly base: string }
  | { readonly ok: false; readonly problem: string };

/** No data center's URL is longer. */
const maxUrlLength = 2_048;

/** The base of all API calls (ending in `/api/2`) for a data center's URL, or the sentence that says why it is refused. */
export function checkUrl(text: string, policy: UrlPolicy): UrlVerdict {
  const refuse = (id: Exclude<UrlCauseId, 'private-address' | 'no-address'>, host = ''): UrlVerdict => ({
    ok: false,
    problem: messageOf(id, { host, hosts: policy.hosts.join(', ') }),
  });
  if (text.length > maxUrlLength) return refuse('url-too-long');
  const url = URL.parse(text.trim());
  if (url === null) return refuse('url-invalid');
  if (url.username !== '' || url.password !== '') return refuse('url-with-user');
  if (url.search !== '' || url.hash !== '') return refuse('url-with-query', url.hostname);
  if (!/^(\/api\/2)?\/*$/.test(url.pathname)) return refuse('url-with-path', url.hostname);
  if (policy.insecure && (url.protocol === 'http:' || url.protocol === 'https:'))
    return { ok: true, base: `${url.origin}/api/2` };
  if (url.protocol !== 'https:') return refuse('url-not-https', url.hostname);
  if (/^[\d.]+$|^\[/.test(url.hostname)) return refuse('url-ip-address', url.hostname);
  if (url.port !== '') return refuse('url-with-port', url.hostname);
  if (!policy.hosts.some((pattern) => matchesHost(pattern, url.hostname)))
    return refuse('url-host-not-allowed', url.hostname);
  return { ok: true, base: `${url.origin}/api/2` };
}

/** @param pattern a host's name, or `*.domain` for every host below a domain. */
export function matchesHost(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1 : host === wanted;
}
