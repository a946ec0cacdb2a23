/**
 * A server in front of another one. It reads each request whole and hands it to a handler, which passes it on, gives a response of its own, or does
 * neither. Its port stays its own while it refuses connections. Invariant: a client that leaves takes its request to the target with it.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { dirname, join } from 'node:path';
import { freePort } from '../port.ts';
import { bodyOf, passedOn } from './message.ts';

export interface RelayTarget {
  readonly server: string;
  /** Where the target is an API server of the sandbox: the relay then speaks TLS with that one's own certificate. */
  readonly caFile?: string;
}

export interface RelayedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Handle = (request: RelayedRequest, response: ServerResponse) => Promise<void>;

interface Parts {
  readonly target: string;
  readonly port: number;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly handle: Handle;
}

export class Relay implements AsyncDisposable {
  readonly url: string;
  readonly #target: string;
  readonly #port: number;
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  #back: NodeJS.Timeout | undefined;

  private constructor({ target, port, tls, handle }: Parts) {
    const listener = (req: IncomingMessage, res: ServerResponse): void => {
      const { method = 'GET', url = '/', headers } = req;
      bodyOf(req)
        .then((body) => handle({ method, url, headers, body }, res))
        .catch(() => res.destroy());
    };
    const limits = { keepAliveTimeout: 120_000, requestTimeout: 0 };
    this.#target = target;
    this.#port = port;
    if (tls === undefined) {
      this.url = `http://127.0.0.1:${port}`;
      this.#server = createHttpServer(limits, listener);
      // A server of Node closes idle connections after 5 s: a request on one that is just closing would be lost.
      this.#agent = new HttpAgent({ keepAlive: false });
      this.#request = httpRequest;
    } else {
      this.url = `https://127.0.0.1:${port}`;
      this.#server = createHttpsServer({ ...tls, ...limits }, listener);
      this.#server.on('tlsClientError', () => {});
      this.#agent = new HttpsAgent({ keepAlive: true, ca: tls.cert });
      this.#request = httpsRequest;
    }
  }

  static async start({ server, caFile }: RelayTarget, handle: Handle): Promise<Relay> {
    const tls =
      caFile === undefined
        ? undefined
        : { cert: await readFile(caFile), key: await readFile(join(dirname(caFile), 'apiserver.key')) };
    const relay = new Relay({ target: server, port: await freePort(), tls, handle });
    relay.#server.listen(relay.#port, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  /** The target's response, its body not yet read. @param to the client's response: when it closes early, the request ends too */
  ask({ method, url, headers, body }: RelayedRequest, to?: ServerResponse): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
      const out = this.#request(
        `${this.#target}${url}`,
        { method, headers: { ...passedOn(headers), ...length }, agent: this.#agent },
        resolve,
      );
      out.on('error', reject);
      to?.once('close', () => {
        if (!to.writableFinished) out.destroy();
      });
      out.end(body);
    });
  }

  /** Passes the request on, and what comes of it back as it comes. */
  async pass(request: RelayedRequest, response: ServerResponse): Promise<void> {
    const from = await this.ask(request, response);
    response.writeHead(from.statusCode ?? 502, passedOn(from.headers));
    response.flushHeaders();
    from.on('error', () => response.destroy());
    from.pipe(response);
  }

  /** Cuts every connection there is. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  /** Cuts every connection, and accepts none for so long. */
  refuse(ms: number): void {
    if (this.#back !== undefined) return;
    this.#server.close(() => {});
    this.cut();
    this.#back = setTimeout(() => {
      this.#back = undefined;
      this.#server.listen(this.#port, '127.0.0.1');
    }, ms);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#back);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    this.#agent.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
