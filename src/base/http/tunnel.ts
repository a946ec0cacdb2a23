/**
 * Connections through an HTTP proxy: to the proxy, CONNECT, and TLS to the target inside, all under one deadline. (undici's own ProxyAgent waits 300 s for the response to a CONNECT.)
 * The proxy's credentials go to the proxy alone and stand in no error.
 */
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { type Connector, type ConnectorOptions, createConnector } from './connector.ts';

export interface TunnelOptions {
  /** http or https, with the credentials for it in its user information. */
  readonly proxy: URL;
  /** Speaks TLS with the target, in the tunnel. */
  readonly toTarget: Connector;
  /** For the connection to the proxy. */
  readonly toProxy: ConnectorOptions;
  /** For all of it together. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** There is no tunnel, because of the proxy. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  /** `PROXY_TIMEOUT`, `PROXY_CUT`, `PROXY_UNREACHABLE`, or `PROXY_STATUS_` and what the proxy responded to the CONNECT. */
  readonly code: string;
  /** Host and port of the proxy. */
  readonly proxy: string;
  /** What the proxy responded. */
  readonly status: number | undefined;
  /** Why the proxy itself cannot be reached: the code of the lower layer. */
  readonly connectCode: string | undefined;

  constructor(
    message: string,
    proxy: string,
    code: string,
    more: { readonly status?: number; readonly connectCode?: string } = {},
  ) {
    super(message);
    this.proxy = proxy;
    this.code = code;
    this.status = more.status;
    this.connectCode = more.connectCode;
  }
}

/** For the `connect` of a dispatcher. */
export function tunnelConnector({ proxy, toTarget, toProxy, timeoutMs, clock }: TunnelOptions): Connector {
  const connectProxy = createConnector({ ...toProxy, timeout: timeoutMs });
  const proxyPort = proxy.port || (proxy.protocol === 'https:' ? '443' : '80');
  const name = `${proxy.hostname}:${proxyPort}`;
  const authorization =
    proxy.username === '' && proxy.password === ''
      ? {}
      : { 'proxy-authorization': `Basic ${Buffer.from(userInfo(proxy)).toString('base64')}` };

  return (target, callback) => {
    let over = false;
    let open: Socket | undefined;
    const end = (error: Error | null, socket: Socket | null): void => {
      if (over) return;
      over = true;
      timer.cancel();
      if (socket === null) {
        open?.destroy();
        callback(error ?? new TunnelError('no connection', name, 'PROXY_CUT'), null);
      } else callback(null, socket);
    };
    const timer = clock.after(timeoutMs, () =>
      end(new TunnelError(`no tunnel within ${timeoutMs / 1_000} s`, name, 'PROXY_TIMEOUT'), null),
    );
    const port = target.port || (target.protocol === 'https:' ? '443' : '80');
    const authority = `${target.hostname}:${port}`;

    connectProxy(
      { hostname: proxy.hostname, host: proxy.host, protocol: proxy.protocol, port: proxyPort },
      (failure, toProxySocket) => {
        // undici leaves the socket out where there is an error.
        if (failure !== null || toProxySocket === null) {
          const connectCode = codeOf(failure);
          return end(new TunnelError('the proxy cannot be reached', name, 'PROXY_UNREACHABLE', { connectCode }), null);
        }
        open = toProxySocket;
        if (over) {
          toProxySocket.destroy();
          return;
        }
        const connect = httpRequest({
          method: 'CONNECT',
          path: authority,
          headers: { host: authority, ...authorization },
          createConnection: () => toProxySocket,
        });
        connect.once('error', () => end(new TunnelError('the proxy ended the connection', name, 'PROXY_CUT'), null));
        connect.once('connect', (response, socket, head) => {
          if (over) return;
          const status = response.statusCode ?? 0;
          if (status !== 200) {
            const refused = `the proxy responded ${status} to CONNECT`;
            return end(new TunnelError(refused, name, `PROXY_STATUS_${status}`, { status }), null);
          }
          if (head.length > 0) socket.unshift(head);
          if (target.protocol !== 'https:') return end(null, toProxySocket);
          toTarget({ ...target, httpSocket: toProxySocket }, (error, secure) =>
            end(error, error === null ? secure : null),
          );
        });
        connect.end();
      },
    );
  };
}

const userInfo = ({ username, password }: URL): string =>
  `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;

const codeOf = (error: Error | null): string =>
  error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
