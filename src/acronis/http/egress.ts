/**
 * The way out to Acronis: direct, or through the proxy of HTTPS_PROXY with a tunnel (CONNECT) in which TLS is spoken with Acronis itself. The host was held against
 * `--acronis-hosts` before; here it is decided where its name may lead. Behind a proxy that is the proxy's to decide, because it resolves the name.
 */
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { TunnelError, tunnelConnector } from '../../base/tunnel.ts';
import type { ProxySettings } from './proxy-settings.ts';
import { publicLookup } from './public-address.ts';
import { matchesHost } from './url.ts';

export interface Egress {
  /** Names of hosts that may lead to private addresses (`--acronis-allow-private-hosts`), or `*.domain`. */
  readonly privateHosts: readonly string[];
  /** Every name may: for a sandbox on one's own machine. */
  readonly anyAddress: boolean;
  /** http goes direct: it is allowed for a sandbox only. */
  readonly proxy: ProxySettings | undefined;
  /** How a name becomes addresses; absent: as the system does it. */
  readonly resolve?: LookupFunction;
}

/** The proxy made no tunnel, so that nothing was sent. The message names the proxy and the cause, and no credentials. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: string;

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const timeoutMs = 10_000;
const options = {
  allowH2: false,
  timeout: timeoutMs,
  // Each address gets this long before the next one is tried as well: longer than a slow handshake, or a good address would be given up for a dead one.
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: 2_000,
} as const;

/** For the `connect` of a dispatcher. */
export function egressConnector(egress: Egress, clock: Clock): buildConnector.connector {
  const { privateHosts, anyAddress, proxy, resolve } = egress;
  const toPublic = buildConnector({ ...options, lookup: publicLookup(resolve) });
  const toAny = buildConnector(resolve === undefined ? options : { ...options, lookup: resolve });
  const tunnel =
    proxy === undefined
      ? undefined
      : tunnelConnector({ proxy: proxy.url, targetTls: { allowH2: false }, toProxy: options, timeoutMs, clock });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (proxy !== undefined && tunnel !== undefined && target.protocol === 'https:') {
      if (!proxy.direct(host, Number(target.port || 443))) {
        return tunnel(target, (error, socket) => {
          if (error !== null || socket === null) callback(proxyErrorOf(error, proxy, host), null);
          else callback(null, socket);
        });
      }
    }
    const open = anyAddress || privateHosts.some((pattern) => matchesHost(pattern, host)) ? toAny : toPublic;
    open(target, callback);
  };
}

/** What is not the proxy's fault (Acronis's certificate, for one) stays as it is. */
function proxyErrorOf(error: Error | null, { name, variable }: ProxySettings, host: string): Error {
  const code = error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const said = (sentence: string) => new ProxyError(sentence, code, error);
  if (error instanceof TunnelError) {
    if (error.code === 'PROXY_TIMEOUT') return said(`The proxy ${name} made no tunnel to ${host} in time.`);
    const status = Number(error.code.replace('PROXY_STATUS_', ''));
    if (status === 407)
      return said(`The proxy ${name} wants another user name or password (HTTP 407); correct ${variable}.`);
    if (status >= 500)
      return said(`The proxy ${name} could not reach ${host} (HTTP ${status}); look at its log, or at its DNS.`);
    return said(`The proxy ${name} refuses a tunnel to ${host} (HTTP ${status}); allow it there.`);
  }
  if (code === 'ENOTFOUND') return said(`The host name of the proxy ${name} does not exist; correct ${variable}.`);
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || isConnecting(error))
    return said(`The proxy ${name} cannot be reached (${code}); see ${variable}.`);
  return error ?? said(`The proxy ${name} made no tunnel to ${host}.`);
}

/** Only the proxy is connected to. */
function isConnecting(error: Error | null): boolean {
  if (error instanceof AggregateError) return true;
  return error !== null && 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
}
