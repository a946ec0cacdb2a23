/**
 * NO_PROXY: which hosts are reached without the proxy. As Go's httpproxy reads it (and with it most of a cluster): `example.com` is that host and every one below it,
 * `.example.com` and `*.example.com` only those below; an entry may have a port; addresses and CIDRs are compared with hosts that are addresses; `*` is every host.
 */
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Whether a host (a name, or an address without brackets) on this port is reached without the proxy. */
export type NoProxy = (host: string, port: number) => boolean;

export function noProxyFrom(list: string): NoProxy {
  const rules = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(ruleOf);
  return (host, port) => {
    const name = plain(host);
    return isLoopback(name) || rules.some((rule) => rule(name, port));
  };
}

function ruleOf(entry: string): NoProxy {
  const range = rangeOf(entry);
  if (range !== undefined) return (host) => isIP(host) !== 0 && range.check(host, familyOf(host));
  const { host, port } = split(entry);
  const onPort = (wanted: number): boolean => port === undefined || port === wanted;
  if (host === '*') return (_, wanted) => onPort(wanted);
  if (isIP(host) !== 0) {
    const address = new BlockList();
    address.addAddress(host, familyOf(host));
    return (other, wanted) => isIP(other) !== 0 && address.check(other, familyOf(other)) && onPort(wanted);
  }
  const name = plain(host.replace(/^\*?\./, ''));
  if (name === '') return () => false;
  const belowOnly = /^\*?\./.test(host);
  return (other, wanted) =>
    isIP(other) === 0 && (other.endsWith(`.${name}`) || (!belowOnly && other === name)) && onPort(wanted);
}

function rangeOf(entry: string): BlockList | undefined {
  const [network = '', prefix = '', more] = entry.split('/');
  if (more !== undefined || isIP(network) === 0 || !/^\d{1,3}$/.test(prefix)) return undefined;
  if (Number(prefix) > (isIP(network) === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), familyOf(network));
  return list;
}

function split(entry: string): { host: string; port: number | undefined } {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry);
  const named = bracketed ?? (isIP(entry) === 0 ? /^([^:]*):(\d+)$/.exec(entry) : null);
  if (named === null) return { host: entry, port: undefined };
  return { host: named[1] ?? '', port: named[2] === undefined ? undefined : Number(named[2]) };
}

/** Lower case, ASCII, without the dot that ends a full name. */
function plain(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '');
  return domainToASCII(name) || name;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
