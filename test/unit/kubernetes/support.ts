/** A real HTTP server on loopback in the part of the API server, a kubeconfig for it, and a client with all that it needs. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import type { Fields, Log } from '../../../src/base/log.ts';
import type { KubernetesClient } from '../../../src/kubernetes/calls/client.ts';
import { createKubernetesClient } from '../../../src/kubernetes/calls/http-client.ts';
import type { KubernetesMetrics } from '../../../src/kubernetes/calls/metrics.ts';
import { type Connection, openConnection } from '../../../src/kubernetes/connection/connection.ts';

export type Certificate = 'first' | 'second';

export const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

export interface ApiServer {
  readonly url: string;
  /** Connections ever made, and those open now. */
  readonly connections: { total: number; open: number };
  /** Serves TLS with the other certificate from now on. */
  present(certificate: Certificate): void;
  /** Cuts the connections that are open. */
  cut(): void;
}

export async function apiServer(handler: RequestListener, certificate?: Certificate): Promise<ApiServer> {
  const tls = (name: Certificate) => ({
    key: readFileSync(fixture(`${name}.key.pem`)),
    cert: readFileSync(fixture(`${name}.cert.pem`)),
  });
  const secure = certificate === undefined ? undefined : createTlsServer(tls(certificate), handler);
  const server = secure ?? createServer(handler);
  const sockets = new Set<Socket>();
  const connections = { total: 0, open: 0 };
  server.on('connection', (socket: Socket) => {
    connections.total++;
    connections.open++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      connections.open--;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `${secure === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    connections,
    present: (name) => secure?.setSecureContext(tls(name)),
    cut,
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

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Fields;
}

export function recordingLog(lines: LogLine[] = []): Log & { readonly lines: LogLine[] } {
  const at =
    (level: string) =>
    (message: string, fields: Fields = {}) =>
      void lines.push({ level, message, fields });
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: () => recordingLog(lines),
  };
}

export interface Setup {
  readonly client: KubernetesClient;
  readonly connection: Connection;
  /** `GET 200`, `POST <error>`, … in order. */
  readonly counted: string[];
  readonly log: ReturnType<typeof recordingLog>;
}

export function connect(kubeconfig: string, clock: Clock = systemClock): Setup {
  const log = recordingLog();
  const connection = openConnection({ kubeconfig, env: {}, clock, log });
  onTestFinished(() => connection.close());
  return { connection, log, ...clientOn(connection, clock) };
}

export function clientOn(connection: Connection, clock: Clock): { client: KubernetesClient; counted: string[] } {
  const counted: string[] = [];
  const metrics: KubernetesMetrics = { requested: (method, code) => void counted.push(`${method} ${code}`) };
  return { counted, client: createKubernetesClient({ connection, clock, metrics, userAgent: 'test/1' }) };
}

/** A signal that nobody aborts. */
export const always = (): AbortSignal => new AbortController().signal;

/** What `promise` was rejected with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it should have failed');
}

/** Waits until `look` no longer throws. Generous, since it only takes that long when it fails. */
export function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 10_000, interval: 5 });
}

/** A promise to be kept from outside. */
export function deferred<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  return Promise.withResolvers<T>();
}
