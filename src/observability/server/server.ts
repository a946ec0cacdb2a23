/**
 * The HTTP server for monitoring: `/metrics` on one address, `/livez` and `/readyz` on another, or all on one where the two are the same.
 * Nothing here can be changed by a request, nothing names an object, and a client that is slow or silent is cut.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type BindAddress, sameAddress } from './bind-address.ts';
import { type Check, probe } from './probes.ts';

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export interface ObservabilityServerOptions {
  readonly metricsAddress: BindAddress;
  readonly probeAddress: BindAddress;
  readonly metrics: () => Promise<MetricsPage>;
  readonly livez: readonly Check[];
  readonly readyz: readonly Check[];
}

export interface ObservabilityServer {
  /** Where it really listens (`:0` lets the system choose); undefined where it is off. */
  readonly metricsPort: number | undefined;
  readonly probePort: number | undefined;
  close(): Promise<void>;
}

/** An address that cannot be listened on. The message is for people and names the flag. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

type Page = (query: URLSearchParams) => Promise<{ status: number; contentType: string; text: string }>;
type Pages = ReadonlyMap<string, Page>;

const plainText = 'text/plain; charset=utf-8';
const metricsFlag = '--metrics-bind-address';
const probeFlag = '--health-probe-bind-address';

/** @throws ListenError */
export async function startObservabilityServer(options: ObservabilityServerOptions): Promise<ObservabilityServer> {
  const { metricsAddress, probeAddress } = options;
  const metrics: Pages = new Map([['/metrics', async () => ({ status: 200, ...(await options.metrics()) })]]);
  const probes: Pages = new Map([
    ['/livez', probePage('livez', options.livez)],
    ['/readyz', probePage('readyz', options.readyz)],
  ]);
  const open: Server[] = [];
  const listen = async (address: BindAddress, pages: Pages, flag: string): Promise<number | undefined> => {
    if (address.kind === 'off') return undefined;
    const server = serverOf(pages);
    const port = await listening(server, address, flag);
    open.push(server);
    return port;
  };
  try {
    if (sameAddress(metricsAddress, probeAddress)) {
      const port = await listen(metricsAddress, new Map([...metrics, ...probes]), metricsFlag);
      return { metricsPort: port, probePort: port, close: () => closeAll(open) };
    }
    const metricsPort = await listen(metricsAddress, metrics, metricsFlag);
    const probePort = await listen(probeAddress, probes, probeFlag);
    return { metricsPort, probePort, close: () => closeAll(open) };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

function probePage(path: 'livez' | 'readyz', checks: readonly Check[]): Page {
  return async (query) => ({ contentType: plainText, ...probe(path, checks, query.has('verbose')) });
}

function serverOf(pages: Pages): Server {
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 30_000 },
    (request, response) => {
      void respond(pages, request, response);
    },
  );
  server.maxConnections = 200;
  return server;
}

async function respond(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, contentType: string, text: string, headers: Record<string, string> = {}) => {
    response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  const page = url === null ? undefined : pages.get(url.pathname);
  if (url === null || page === undefined) return send(404, plainText, 'not found\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(405, plainText, 'only GET and HEAD\n', { allow: 'GET, HEAD' });
  }
  try {
    const { status, contentType, text } = await page(url.searchParams);
    send(status, contentType, text);
  } catch {
    send(500, plainText, 'this page could not be made\n');
  }
}

function listening(server: Server, address: Extract<BindAddress, { kind: 'listen' }>, flag: string): Promise<number> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new ListenError(refusal(error, address, flag))));
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      const bound = server.address();
      resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
    });
  });
}

function refusal(error: Error, address: Extract<BindAddress, { kind: 'listen' }>, flag: string): string {
  const { host, port } = address;
  const text = `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
  const code = 'code' in error ? error.code : undefined;
  const remedy = `Give another address to ${flag}, or 0 to turn it off.`;
  switch (code) {
    case 'EADDRINUSE':
      return `${flag} ${text} cannot be used: another process listens there. ${remedy}`;
    case 'EACCES':
      return `${flag} ${text} cannot be used: this user may not listen on that port. ${remedy}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${flag} ${text} cannot be used: this machine has no such address. ${remedy}`;
    default:
      return `${flag} ${text} cannot be used (${String(code)}). ${remedy}`;
  }
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          // Prometheus and the kubelet keep connections open; a shutdown does not wait for them.
          server.closeAllConnections();
        }),
    ),
  );
}
