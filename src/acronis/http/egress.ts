/**
 * The way out to Acronis: direct, or through the proxy of HTTPS_PROXY with a tunnel (CONNECT) in which TLS is spoken with Acronis itself. The host was held against
 * `--acronis-hosts` before; here it is decided where its name may lead. Behind a proxy that is the proxy's to decide, because it resolves the name.
 */
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { type Connector, createConnector } from '../../base/http/connector.ts';
import { TunnelError, tunnelConnector } from '../../base/http/tunnel.ts';
import { networkCauseOf } from '../causes/network.ts';
import type { ProxyCauseId } from '../causes/proxy.ts';
import type { FactsOf } from '../causes/table.ts';
import { tlsCauseOf } from '../causes/tls.ts';
import { withConnectFailure } from './connect-failure.ts';
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

/** The proxy made no tunnel, so that nothing was sent. */
export class ProxyFailure extends Error {
  override readonly name = 'ProxyFailure';
  readonly id: ProxyCauseId;
  readonly facts: Omit<FactsOf<ProxyCauseId>, 'host'>;
  readonly code: string;

  constructor(id: ProxyCauseId, facts: ProxyFailure['facts']) {
    super(id);
    this.id = id;
    this.facts = facts;
    this.code = facts.code;
  }
}

const timeoutMs = 10_000;
const options = {
  timeout: timeoutMs,
  // Each address gets this long before the next one is tried as well: longer than a slow handshake, or a good address would be given up for a dead one.
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: 2_000,
} as const;

/** For the `connect` of a dispatcher. */
export function egressConnector(egress: Egress, clock: Clock): Connector {
  const { privateHosts, anyAddress, proxy, resolve } = egress;
  const toPublic = withConnectFailure(createConnector({ ...options, lookup: publicLookup(resolve) }));
  const toAny = withConnectFailure(createConnector(resolve === undefined ? options : { ...options, lookup: resolve }));
  const tunnel =
    proxy === undefined
      ? undefined
      : tunnelConnector({
          proxy: proxy.url,
          toTarget: withConnectFailure(createConnector({ timeout: timeoutMs })),
          toProxy: options,
          timeoutMs,
          clock,
        });
  return (target, callback) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (proxy !== undefined && tunnel !== undefined && target.protocol === 'https:') {
      if (!proxy.direct(host, Number(target.port || 443))) {
        return tunnel(target, (error, socket) => {
          if (error !== null || socket === null) callback(failureOf(error, proxy), null);
          else callback(null, socket);
        });
      }
    }
    const open = anyAddress || privateHosts.some((pattern) => matchesHost(pattern, host)) ? toAny : toPublic;
    open(target, callback);
  };
}

/** What is not the proxy's fault (Acronis's certificate, for one) stays as it is. */
function failureOf(error: Error | null, { name, variable }: ProxySettings): Error {
  if (error !== null && !(error instanceof TunnelError)) return error;
  const code = error?.connectCode ?? error?.code ?? '';
  const status = error?.status;
  const shown = status === undefined ? '' : String(status);
  return new ProxyFailure(idOf(code, status), { proxy: name, variable, status: shown, code: code || 'no code' });
}

function idOf(code: string, status: number | undefined): ProxyCauseId {
  if (status === 407) return 'proxy-credentials';
  if (status !== undefined) return status >= 500 ? 'proxy-cannot-reach' : 'proxy-refuses';
  if (code === 'PROXY_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'proxy-timeout';
  if (code === 'PROXY_CUT') return 'proxy-cut';
  if (tlsCauseOf(code) !== undefined) return 'proxy-not-trusted';
  return networkCauseOf(code, true) === 'no-such-name' ? 'proxy-no-such-name' : 'proxy-unreachable';
}
