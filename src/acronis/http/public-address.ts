/**
 * Where a host name may lead. A name of the allow list that resolves to a private, loopback or link-local address (a poisoned resolver, a rebound
 * name) is refused when the connection is made: before TLS, and so before a credential leaves the process.
 */
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** A name leads where no credentials are sent. */
export class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
  readonly code = 'ERR_ADDRESS_NOT_PUBLIC';

  /** The first in order, so that the message is the same each time; undefined where the name has none. */
  readonly address: string | undefined;

  constructor(address: string | undefined) {
    super('not a public address');
    this.address = address;
  }
}

const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv6');

/** Whether this is an address of the Internet. An IPv4 address inside of an IPv6 one is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  if (family === 4) return !notPublic.check(address, 'ipv4');
  if (notPublic.check(address, 'ipv6')) return false;
  const embedded = embeddedIPv4(address);
  return embedded === undefined || !notPublic.check(embedded, 'ipv4');
}

/** The IPv4 address that packets to this one end at: NAT64 (RFC 6052), 6to4 (RFC 3056), mapped and compatible forms (RFC 4291). */
function embeddedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const isZero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  const [first, second = 0, third = 0] = groups;
  if (first === 0x2002) return dotted(second, third);
  const isNat64 = first === 0x64 && second === 0xff9b && isZero(2, 6);
  const isMapped = isZero(0, 5) && groups[5] === 0xffff;
  const isCompatible = isZero(0, 6);
  return isNat64 || isMapped || isCompatible ? dotted(groups[6] ?? 0, groups[7] ?? 0) : undefined;
}

const dotted = (high: number, low: number): string => [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // The URL parser writes every form in one way, dotted ends included.
  const text = URL.parse(`http://[${address.replace(/%.*/, '')}]/`)?.hostname.slice(1, -1) ?? '';
  const [head = '', tail] = text.split('::');
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = numbers(head);
  const after = numbers(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** A lookup for `net.connect` and `tls.connect` that gives public addresses only, and fails where the name has another one. */
export function publicLookup(resolve: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found, family = 0) => {
      if (error !== null) return callback(error, '', 0);
      const addresses = typeof found === 'string' ? [{ address: found, family }] : found;
      // One is enough to refuse them all: which one would be taken is chance.
      const [refused] = addresses
        .map(({ address }) => address)
        .filter((address) => !isPublicAddress(address))
        .sort();
      const [first] = addresses;
      if (first === undefined || refused !== undefined) return callback(new NotPublicError(refused), '', 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
