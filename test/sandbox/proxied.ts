/** What the tests of the faulty proxy stand on: a server that plays the API server, the proxy in front of it, and a client of it, new for each test. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import { afterEach, beforeEach, expect } from 'vitest';
import { type FaultyProxy, startFaultyProxy } from '../../sandbox/faulty-proxy/proxy.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { until } from '../../sandbox/until.ts';

const fixtures = join(import.meta.dirname, '../unit/kubernetes/fixtures');
const group = '/apis/upsell.acronis.com/v1alpha1/namespaces/ns';
export const list = `${group}/tenantuserupsells`;
export const object = `${list}/one`;
export const status = `${object}/status`;
export const lease = '/apis/coordination.k8s.io/v1/namespaces/ns/leases/it';
export const watchPath = `${list}?watch=true`;
export const streamPath = `${list}?watch=true&sendInitialEvents=true`;

export const event = (type: string, name: string): string =>
  `${JSON.stringify({ type, object: { kind: 'TenantUserUpsell', metadata: { name, note: 'für 顧客 🎉' } } })}\n`;
export const initialEnd = `${JSON.stringify({
  type: 'BOOKMARK',
  object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
})}\n`;

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** Responds to all but watches with bytes that are no text, and keeps watches open until the test says something into them. */
class Target {
  readonly received: Received[] = [];
  readonly bytes = Buffer.from(Array.from({ length: 1_000 }, (_, at) => (at * 7) % 256));
  readonly #watches = new Set<NodeJS.WritableStream>();
  server: Server | undefined;

  get watches(): number {
    return this.#watches.size;
  }

  say(line: string): void {
    for (const watch of this.#watches) watch.write(line);
  }

  end(): void {
    for (const watch of this.#watches) watch.end();
  }

  async listen(cert: Buffer, key: Buffer): Promise<string> {
    this.server = createServer({ cert, key }, (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const { method = '', url = '', headers } = req;
        this.received.push({ method, url, headers, body: Buffer.concat(chunks) });
        if (url.includes('watch=true')) {
          res.writeHead(200, { 'content-type': 'application/json' });
          res.flushHeaders();
          this.#watches.add(res);
          res.once('close', () => this.#watches.delete(res));
          return;
        }
        res.writeHead(203, { 'content-type': 'application/octet-stream', 'x-of-the-server': 'kept' });
        res.end(this.bytes);
      });
    });
    const server = this.server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `https://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => (this.server === undefined ? resolve(undefined) : this.server.close(resolve)));
  }
}

export let target: Target;
export let proxy: FaultyProxy;
let dir: string;
let agent: Agent;

/** Call once in a test file. */
export function setUp(): void {
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'faulty-proxy-'));
    const caFile = join(dir, 'apiserver.crt');
    await copyFile(join(fixtures, 'first.cert.pem'), caFile);
    await copyFile(join(fixtures, 'first.key.pem'), join(dir, 'apiserver.key'));
    const cert = await readFile(caFile);
    target = new Target();
    const server = await target.listen(cert, await readFile(join(dir, 'apiserver.key')));
    proxy = await startFaultyProxy({ controlPlane: { server, caFile }, random: seededRandom(1) });
    agent = new Agent({ connect: { ca: cert }, pipelining: 1 });
  });
  afterEach(async () => {
    await agent.destroy();
    await proxy.stop();
    await target.stop();
    await rm(dir, { recursive: true });
  });
}

export const call = (method: Dispatcher.HttpMethod, path: string, more: Partial<Dispatcher.RequestOptions> = {}) =>
  agent.request({ origin: proxy.url, path, method, ...more });
export const got = async (path = object) => {
  const { statusCode, headers, body } = await call('GET', path);
  return { statusCode, headers, body: Buffer.from(await body.arrayBuffer()) };
};
export const received = () => target.received.length;
/** What a request came to: its status, or how it ended without one. */
export const outcome = (path = object) =>
  got(path).then(
    ({ statusCode }) => statusCode,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

/** A watch that is open, with what came of it so far. */
export async function watching(path = watchPath): Promise<{ text: () => string; ended: Promise<'end' | 'cut'> }> {
  const { statusCode, body } = await call('GET', path);
  expect(statusCode).toBe(200);
  const chunks: Buffer[] = [];
  const ended = new Promise<'end' | 'cut'>((resolve) => {
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    body.once('end', () => resolve('end'));
    body.once('error', () => resolve('cut'));
  });
  await until(
    'the watch is open',
    () => target.watches,
    (count) => count > 0,
  );
  return { text: () => Buffer.concat(chunks).toString(), ended };
}
