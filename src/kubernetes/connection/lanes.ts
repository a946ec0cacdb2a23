/**
 * Lanes to the API server, each with connections of its own. Calls are many and short and share some; watches are few, long and silent for minutes, and each has one.
 * What keeps the operator alive (the lease) or at work (credentials) never waits behind bulk work. HTTP/1.1 on purpose: under HTTP/2 all would share one connection to one API server.
 */
import { createHash } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { createConnector } from '../../base/http/connector.ts';
import { Lane } from '../../base/http/lane.ts';
import { tunnelConnector } from '../../base/http/tunnel.ts';

export interface TlsMaterial {
  readonly ca: ConnectionOptions['ca'];
  readonly cert: ConnectionOptions['cert'];
  readonly key: ConnectionOptions['key'];
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
}

/** `lease` and `credentials` have connections of their own, so that neither waits behind bulk work at a slow API server. */
export type LaneName = 'bulk' | 'lease' | 'credentials';

export interface Lanes extends Readonly<Record<LaneName, Lane>> {
  readonly watches: Dispatcher;
  /** Takes nothing new, and closes when what is in flight or waits has ended. */
  close(): Promise<void>;
  /** Cuts what is in flight. */
  destroy(): Promise<void>;
}

/** A TLS connection costs as much as a hundred calls and some 100 kB; sixteen keep an API server busy that responds in milliseconds. */
export const connections: Readonly<Record<LaneName, number>> = { bulk: 16, lease: 2, credentials: 4 };
const connectTimeoutMs = 5_000;

export function createLanes(tls: TlsMaterial, proxy: URL | undefined, clock: Clock): Lanes {
  const lane = (name: LaneName) => new Lane(pool(tls, proxy, connections[name], clock), connections[name]);
  const bulk = lane('bulk');
  const lease = lane('lease');
  const credentials = lane('credentials');
  const watches = pool(tls, proxy, undefined, clock);
  const all = [bulk, lease, credentials, watches];
  return {
    bulk,
    lease,
    credentials,
    watches,
    async close() {
      await Promise.all(all.map((each) => each.close()));
    },
    async destroy() {
      await Promise.all(all.map((each) => each.destroy()));
    },
  };
}

function pool(tls: TlsMaterial, proxy: URL | undefined, max: number | undefined, clock: Clock): Dispatcher {
  const secure = {
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
  };
  // TCP's own keep-alive notices a peer that is gone without a word, before a load balancer forgets the connection.
  const alive = { timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: 30_000 };
  const connect =
    proxy === undefined
      ? createConnector({ ...secure, ...alive })
      : tunnelConnector({
          proxy,
          toTarget: createConnector({ ...secure, ...alive }),
          toProxy: alive,
          timeoutMs: connectTimeoutMs,
          clock,
        });
  return new Agent({
    keepAliveTimeout: 30_000,
    // The client has deadlines of its own, which hold for the whole call; undici's would only add timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect,
    ...(max === undefined ? {} : { connections: max }),
  });
}

/** The same text for the same certificates and settings. */
export function tlsFingerprint(tls: TlsMaterial): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update(String(part)).update('\0');
  }
  return hash.digest('base64');
}
