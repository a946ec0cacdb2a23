/**
 * No allow list by a public suffix: below `*.co.uk` or `*.github.io` anyone can have a host, and a Secret that names it would be sent the credentials. The list of
 * suffixes is large, so it is loaded only where a domain is given that is not one of the defaults.
 */
import { InvalidArgumentError } from 'commander';

const ours: ReadonlySet<string> = new Set(['*.acronis.com', '*.acronis.cloud']);

/** @param hosts the value of `--acronis-hosts`. @throws InvalidArgumentError that names the first public suffix. */
export async function refusePublicSuffixes(hosts: readonly string[]): Promise<void> {
  const domains = hosts.filter((host) => host.startsWith('*.') && !ours.has(host)).map((host) => host.slice(2));
  if (domains.length === 0) return;
  const { getPublicSuffix } = await import('tldts');
  for (const domain of domains) {
    // Also a domain below which everything is a suffix (`*.ck`).
    const suffix = getPublicSuffix(`host.${domain}`, { allowPrivateDomains: true }) ?? '';
    if (suffix.length >= domain.length) {
      throw new InvalidArgumentError(
        `--acronis-hosts names *.${domain}, a public suffix: anyone can have a host below it. Name the domain of your data center, such as *.acronis.com, or its host.`,
      );
    }
  }
}
