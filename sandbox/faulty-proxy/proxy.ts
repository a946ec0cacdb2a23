/**
 * A way to a real API server on which things go wrong. Everything is passed on, watches line by line, except where a fault strikes.
 * It speaks TLS with the API server's own certificate, so that a client needs nothing but another address.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import { dirname, join } from 'node:path';
import type { Random } from '../../src/base/clock.ts';
import { freePort } from '../controlplane/port.ts';
import { type FalseAnswer, garbageAnswer, statusAnswer } from './answers.ts';
import { ProxyFaults, type RequestFault } from './faults.ts';
import { type KubeRequest, kubeRequest } from './request-kind.ts';
import { WatchRelay } from './watch-relay.ts';

export interface FaultyProxyOptions {
  readonly controlPlane: { readonly server: string; readonly caFile: string };
  readonly random: Random;
}

/** One request, as it came and as it was answered. */
export interface ProxyRecord {
  readonly at: number;
  readonly request: KubeRequest;
  readonly fault: RequestFault['kind'] | undefined;
}

export interface FaultyProxy {
  readonly url: string;
  readonly faults: ProxyFaults;
  readonly records: readonly ProxyRecord[];
  /** Cuts every connection there is. */
  cut(): void;
  /** Cuts every connection, and lets nobody in for so long. */
  refuse(ms: number): void;
  stop(): Promise<void>;
}

/** Hop by hop, or said anew here. */
const notPassedOn = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host', 'content-length']);

export async function startFaultyProxy(options: FaultyProxyOptions): Promise<FaultyProxy> {
  const { caFile, server: target } = options.controlPlane;
  const [cert, key] = await Promise.all([readFile(caFile), readFile(join(dirname(caFile), 'apiserver.key'))]);
  const proxy = new RelayingProxy(options, new Agent({ keepAlive: true, ca: cert }), target);
  const server = createServer({ cert, key, keepAliveTimeout: 120_000, requestTimeout: 0 }, (req, res) => {
    proxy.handle(req, res).catch(() => res.destroy());
  });
  server.on('tlsClientError', () => {});
  const port = await freePort();
  await proxy.listen(server, port);
  return proxy;
}

class RelayingProxy implements FaultyProxy {
  readonly faults: ProxyFaults;
  readonly records: ProxyRecord[] = [];
  readonly #agent: Agent;
  readonly #target: string;
  #server: Server | undefined;
  #port = 0;
  #back: NodeJS.Timeout | undefined;

  constructor({ random }: FaultyProxyOptions, agent: Agent, target: string) {
    this.faults = new ProxyFaults(random);
    this.#agent = agent;
    this.#target = target;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  async listen(server: Server, port: number): Promise<void> {
    this.#server = server;
    this.#port = port;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  cut(): void {
    this.#server?.closeAllConnections();
  }

  refuse(ms: number): void {
    if (this.#back !== undefined) return;
    this.#server?.close(() => {});
    this.cut();
    this.#back = setTimeout(() => {
      this.#back = undefined;
      this.#server?.listen(this.#port, '127.0.0.1');
    }, ms);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#back);
    this.#server?.close(() => {});
    this.cut();
    this.#agent.destroy();
    await Promise.resolve();
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const request = kubeRequest(req.method ?? 'GET', req.url ?? '/');
    const body = await bodyOf(req);
    const fault = this.faults.forRequest(request);
    this.records.push({ at: Date.now(), request, fault: fault?.kind });
    switch (fault?.kind) {
      case undefined:
        return await this.#relay(req, res, body, request, undefined);
      case 'refuse':
        return this.refuse(fault.ms);
      case 'latency':
        await sleep(fault.ms);
        return await this.#relay(req, res, body, request, undefined);
      case 'status':
        if (fault.moment === 'after') await this.#swallow(req, body, request);
        return give(res, statusAnswer(fault, Date.now()));
      case 'garbage':
        return give(res, garbageAnswer(fault.form));
      case 'endAtOnce':
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end();
        return;
      case 'hang':
        if (fault.moment === 'after') await this.#swallow(req, body, request);
        return;
      case 'cut':
        if (fault.moment === 'before') return void res.destroy();
        if (fault.moment === 'after') {
          await this.#swallow(req, body, request);
          return void res.destroy();
        }
        return await this.#relay(req, res, body, request, fault);
      case 'drip':
        return await this.#relay(req, res, body, request, fault);
    }
  }

  async #relay(
    req: IncomingMessage,
    res: ServerResponse,
    body: Buffer,
    request: KubeRequest,
    fault: Extract<RequestFault, { kind: 'cut' | 'drip' }> | undefined,
  ): Promise<void> {
    const from = await this.#ask(req, body, res);
    if (request.watches && from.statusCode === 200)
      return await new WatchRelay(request, from, res, this.faults, fault).run();
    const text = await bodyOf(from);
    res.writeHead(from.statusCode ?? 502, { ...passedOn(from), 'content-length': String(text.length) });
    if (fault === undefined) return void res.end(text);
    if (fault.kind === 'cut') {
      await new Promise<void>((resolve) => res.write(text.subarray(0, Math.floor(text.length / 2)), () => resolve()));
      return void res.destroy();
    }
    for (let at = 0; at < text.length && !res.destroyed; at += fault.bytes) {
      res.write(text.subarray(at, at + fault.bytes));
      await sleep(fault.everyMs);
    }
    res.end();
  }

  /** The API server does it, and nobody hears of it. */
  async #swallow(req: IncomingMessage, body: Buffer, request: KubeRequest): Promise<void> {
    const answer = await this.#ask(req, body, undefined);
    if (request.watches) answer.destroy();
    else await bodyOf(answer);
  }

  #ask(req: IncomingMessage, body: Buffer, res: ServerResponse | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { ...passedOn(req), ...(body.length > 0 ? { 'content-length': String(body.length) } : {}) };
      const out = httpsRequest(
        `${this.#target}${req.url ?? '/'}`,
        { method: req.method, headers, agent: this.#agent },
        resolve,
      );
      out.on('error', reject);
      // Who asked has gone: so does the request, as it would without a proxy.
      res?.once('close', () => {
        if (!res.writableFinished) out.destroy();
      });
      out.end(body);
    });
  }
}

function passedOn({ headers }: IncomingMessage): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !notPassedOn.has(name)) kept[name] = value;
  }
  return kept;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function give(res: ServerResponse, { status, headers, text }: FalseAnswer): void {
  res.writeHead(status, headers);
  res.end(text);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
