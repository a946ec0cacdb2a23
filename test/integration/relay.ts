/**
 * A way to a server that a test looks in on: every request passes as it is and shows its headers and body first, and the test may have it answered
 * with something else. (What goes wrong on the way to the API server is the business of `sandbox/faulty-proxy`.)
 */
import { readFile } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request as plainRequest,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, request as secureRequest } from 'node:https';
import { dirname, join } from 'node:path';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
}

export interface OtherAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Undefined lets the request pass. */
export type Answering = (request: SeenRequest) => OtherAnswer | undefined;

export interface Relay extends AsyncDisposable {
  readonly url: string;
  /** Every request, in order. */
  readonly seen: readonly SeenRequest[];
  answering: Answering;
  /** Cuts every connection there is. */
  cut(): void;
}

/** @param caFile where the target is an API server of the sandbox: the relay then speaks TLS with that one's own certificate. */
export async function startRelay(target: string, caFile?: string): Promise<Relay> {
  const tls =
    caFile === undefined
      ? undefined
      : { cert: await readFile(caFile), key: await readFile(join(dirname(caFile), 'apiserver.key')) };
  const seen: SeenRequest[] = [];
  const none: Answering = () => undefined;
  const relay = { answering: none };
  const pass = (req: IncomingMessage, res: ServerResponse, body: string): void => {
    const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = req.headers;
    const options = { method: req.method ?? 'GET', headers, agent: false };
    const send = tls === undefined ? plainRequest : secureRequest;
    const out = send(new URL(req.url ?? '/', target), { ...options, ...(tls && { ca: tls.cert }) }, (from) => {
      res.writeHead(from.statusCode ?? 502, from.headers);
      res.flushHeaders();
      from.pipe(res);
    });
    out.on('error', () => res.destroy());
    res.on('close', () => out.destroy());
    out.end(body);
  };
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers } = req;
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += chunk;
    const request = { method, url, authorization: headers.authorization ?? '', body };
    seen.push(request);
    const other = relay.answering(request);
    if (other === undefined) return pass(req, res, body);
    res.writeHead(other.status, other.headers);
    res.end(other.text);
  };
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    handle(req, res).catch(() => res.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return Object.assign(relay, {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    cut: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
