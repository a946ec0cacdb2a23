/** Enough of an API server, with TLS, for `kubectl get pods`: it records who asked for which namespace, and how that was proved. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import { fixture } from '../support.ts';

/** What one request showed of a kubeconfig. Only what it has is there. */
export interface Seen {
  readonly path: string;
  readonly authorization?: string;
  /** `name: value`, names in lower case, sorted. */
  readonly impersonate?: readonly string[];
  /** The common name of the client's certificate. */
  readonly certificate?: string;
  /** The name that the TLS handshake asked for. */
  readonly serverName?: string;
}

export class RecordingApiServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly #server: Server;

  private constructor() {
    const tls = { key: readFileSync(fixture('first.key.pem')), cert: readFileSync(fixture('first.cert.pem')) };
    this.#server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const path = (request.url ?? '').replace(/\?.*/, '');
      if (path.endsWith('/pods')) this.seen.push(shown(path, request));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answerTo(path)));
    });
  }

  static async start(): Promise<RecordingApiServer> {
    const server = new RecordingApiServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `https://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function shown(path: string, request: IncomingMessage): Seen {
  const pairs = request.rawHeaders.flatMap((name, at, all) =>
    at % 2 === 0 ? [[name.toLowerCase(), all[at + 1] ?? '']] : [],
  );
  const impersonate = pairs
    .filter(([name]) => name?.startsWith('impersonate-'))
    .map((pair) => Buffer.from(pair.join(': '), 'latin1').toString('utf8'))
    .sort();
  const { authorization } = request.headers;
  const socket = request.socket instanceof TLSSocket ? request.socket : undefined;
  const certificate = socket?.getPeerCertificate().subject?.CN;
  const serverName = socket === undefined || !('servername' in socket) ? undefined : socket.servername;
  return {
    path,
    ...(authorization === undefined ? {} : { authorization }),
    ...(impersonate.length === 0 ? {} : { impersonate }),
    ...(typeof certificate === 'string' ? { certificate } : {}),
    ...(typeof serverName === 'string' && serverName !== '' ? { serverName } : {}),
  };
}

function answerTo(path: string): object {
  if (path.endsWith('/api')) return { kind: 'APIVersions', versions: ['v1'] };
  if (path.endsWith('/apis')) return { kind: 'APIGroupList', apiVersion: 'v1', groups: [] };
  if (path.endsWith('/pods')) return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [] };
  const pods = { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list'] };
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'v1', resources: [pods] };
}
