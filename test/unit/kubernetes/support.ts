/** A real HTTP server on loopback in the part of the API server, a kubeconfig for it, and a client with all that it needs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import type { KubernetesClient } from '../../../src/kubernetes/calls/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/calls/http-client.ts';
import type { KubernetesMetrics } from '../../../src/kubernetes/calls/metrics.ts';
import { type Connection, openConnection } from '../../../src/kubernetes/connection/connection.ts';
import { type Connections, listenOnLoopback, trackConnections } from '../../support/loopback.ts';
import { RecordedLog } from '../../support/recorded-log.ts';

export type Certificate = 'first' | 'second';

export const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

export interface ApiServer {
  readonly url: string;
  readonly connections: Connections;
  /** Serves TLS with the other certificate from now on. */
  present(certificate: Certificate): void;
}

export async function apiServer(handler: RequestListener, certificate?: Certificate): Promise<ApiServer> {
  const tls = (name: Certificate) => ({
    key: readFileSync(fixture(`${name}.key.pem`)),
    cert: readFileSync(fixture(`${name}.cert.pem`)),
  });
  const secure = certificate === undefined ? undefined : createTlsServer(tls(certificate), handler);
  const server = secure ?? createServer(handler);
  const connections = trackConnections(server);
  const port = await listenOnLoopback(server);
  return {
    url: `${secure === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    connections,
    present: (name) => secure?.setSecureContext(tls(name)),
  };
}

/** A directory that goes away with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface KubeconfigParts {
  readonly server: string;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly namespace?: string;
}

/** Writes a kubeconfig (JSON is YAML too) and returns its path. */
export function kubeconfigFile(parts: KubeconfigParts, directory = temporaryDirectory()): string {
  const file = join(directory, 'config');
  const insecure = parts.server.startsWith('http:') ? { 'insecure-skip-tls-verify': true } : {};
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: parts.server, ...insecure, ...parts.cluster } }],
      users: [{ name: 'u', user: parts.user ?? {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: parts.namespace } }],
      'current-context': 'x',
    }),
  );
  return file;
}

export interface Setup {
  readonly client: KubernetesClient;
  readonly connection: Connection;
  /** `GET 200`, `POST <error>`, … in order. */
  readonly counted: string[];
  readonly log: RecordedLog;
}

export function connect(kubeconfig: string, clock: Clock = systemClock): Setup {
  const log = new RecordedLog();
  const connection = openConnection({ kubeconfig, env: {}, clock, log });
  onTestFinished(() => connection.close());
  return { connection, log, ...clientOn(connection, clock) };
}

export function clientOn(connection: Connection, clock: Clock): { client: KubernetesClient; counted: string[] } {
  const counted: string[] = [];
  const metrics: KubernetesMetrics = { requested: (method, code) => void counted.push(`${method} ${code}`) };
  return { counted, client: createKubernetesClient({ connection, clock, metrics, userAgent: 'test/1' }) };
}

/** Waits until `holds` no longer throws. Generous, since it only takes that long when it fails. */
export function eventually<T>(holds: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(holds, { timeout: 10_000, interval: 5 });
}

/** A promise to be kept from outside. */
export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  return Promise.withResolvers<T>();
}
