/**
 * Where credentials may be sent. A Secret can say any URL; only https to a host of the allow list gets a credential, whatever it says.
 */

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
const longest = 2_048;
const example = 'write the URL of your data center, such as https://eu2-cloud.acronis.com';

/** The base of all API calls (ending in `/api/2`) for a data center's URL, or the sentence that says why it is refused. */
export function checkUrl(text: string, policy: UrlPolicy): UrlVerdict {
  const refuse = (why: string): UrlVerdict => ({ ok: false, problem: `The URL ${why}; ${example}.` });
  if (text.length > longest) return refuse('is too long');
  const url = URL.parse(text.trim());
  if (url === null) return refuse('is not a URL');
  if (url.username !== '' || url.password !== '') return refuse('carries a user name or password');
  if (url.search !== '' || url.hash !== '') return refuse('carries a query or fragment');
  if (!/^(\/api\/2)?\/*$/.test(url.pathname)) return refuse('has a path');
  if (policy.insecure && (url.protocol === 'http:' || url.protocol === 'https:'))
    return { ok: true, base: `${url.origin}/api/2` };
  if (url.protocol !== 'https:') return refuse('is not https');
  if (/^[\d.]+$|^\[/.test(url.hostname)) return refuse('names an IP address instead of a host');
  if (url.port !== '') return refuse('names a port');
  if (!policy.hosts.some((pattern) => matchesHost(pattern, url.hostname)))
    return refuse(`names a host outside --acronis-hosts (${policy.hosts.join(', ')})`);
  return { ok: true, base: `${url.origin}/api/2` };
}

/** @param pattern a host's name, or `*.domain` for every host below a domain. */
export function matchesHost(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1 : host === wanted;
}
