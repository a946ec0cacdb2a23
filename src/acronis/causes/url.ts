/** Where no credentials are sent: the URL that a Secret, a file or the environment names, or where its name leads. */
import type { Causes } from './cause.ts';

const remedy = 'Write the URL of your data center, such as https://eu2-cloud.acronis.com.';
const entry = (when: string, sentence: string) =>
  ({ when, kind: 'urlNotAllowed', passes: false, sentence, remedy }) as const;

export const url = {
  'url-too-long': entry('more than 2,048 characters', 'The URL is too long.'),
  'url-invalid': entry('text that is no URL', 'The URL is not a URL.'),
  'url-with-user': entry('`https://name:password@…`', 'The URL carries a user name or password.'),
  'url-with-query': entry('`?…` or `#…`', 'The URL of {host} carries a query or fragment.'),
  'url-with-path': entry('a path other than `/api/2`', 'The URL of {host} has a path.'),
  'url-not-https': entry('another scheme', 'The URL of {host} is not https.'),
  'url-ip-address': entry('an IP address', 'The URL names the IP address {host} instead of a host.'),
  'url-with-port': entry('a port', 'The URL of {host} names a port.'),
  'url-host-not-allowed': {
    when: 'a host outside `--acronis-hosts`',
    kind: 'urlNotAllowed',
    passes: false,
    sentence:
      'The URL names the host {host}, which is outside --acronis-hosts ({hosts}), so no credentials are sent there.',
    remedy: `${remedy} If this host is meant, it has to be named in --acronis-hosts.`,
  },
  'private-address': {
    when: 'a name that leads to a private, loopback or link-local address',
    kind: 'urlNotAllowed',
    passes: false,
    sentence: 'The host name {host} leads to the private address {address}, where no credentials are sent.',
    remedy:
      "See what the cluster's DNS says of the name. If this is meant (an egress gateway, a mesh, DNS of your own), name the host in --acronis-allow-private-hosts.",
  },
  'no-address': {
    when: 'a name without an address',
    kind: 'unavailable',
    passes: true,
    sentence: 'The host name {host} has no address.',
    remedy: "See what the cluster's DNS says of the name. It is tried again by itself.",
  },
} as const satisfies Causes;

export type UrlCauseId = keyof typeof url;
