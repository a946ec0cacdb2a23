/**
 * Two pools of connections to the API server. Calls are many and short and share some; watches are few, long and silent for minutes,
 * and would starve calls of a shared pool. HTTP/1.1 on purpose: under HTTP/2 all would hang on one connection to one API server.
 */
import { createHash } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

export interface TlsMaterial {
  readonly ca: ConnectionOptions['ca'];
  readonly cert: ConnectionOptions['cert'];
  readonly key: ConnectionOptions['key'];
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
}

export interface Pools {
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
  /** Takes nothing new, and closes when what is under way has ended. */
  close(): Promise<void>;
  /** Cuts what is under way. */
  destroy(): Promise<void>;
}

// A TLS connection costs as much as a hundred calls and some 100 kB; sixteen keep an API server busy that answers in milliseconds.
const CONNECTIONS = 16;

export function createPools(tls: TlsMaterial, proxy: URL | undefined): Pools {
  const calls = pool(tls, proxy, CONNECTIONS);
  const watches = pool(tls, proxy, undefined);
  return {
    calls,
    watches,
    async close() {
      await Promise.all([calls.close(), watches.close()]);
    },
    async destroy() {
      await Promise.all([calls.destroy(), watches.destroy()]);
    },
  };
}

function pool(tls: TlsMaterial, proxy: URL | undefined, connections: number | undefined): Dispatcher {
  const secure = {
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
  };
  const options = {
    allowH2: false,
    keepAliveTimeout: 30_000,
    // The client has deadlines of its own, which hold for the whole call; undici's would only add timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(connections === undefined ? {} : { connections }),
  };
  // TCP's own keep-alive notices a peer that is gone without a word, before a load balancer forgets the connection.
  const alive = { timeout: 5_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxy === undefined) return new Agent({ ...options, connect: { ...secure, ...alive } });
  return new ProxyAgent({ ...options, uri: proxy.href, requestTls: { ...secure, ...alive }, proxyTls: alive });
}

/** The same text for the same certificates and settings. */
export function tlsFingerprint(tls: TlsMaterial): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update(String(part)).update('\0');
  }
  return hash.digest('base64');
}
