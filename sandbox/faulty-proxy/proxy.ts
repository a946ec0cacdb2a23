/**
 * A relay in front of a real API server on which things go wrong. Everything is passed on, watches line by line, except where a fault strikes.
 * It speaks TLS with the API server's own certificate, so that a client needs nothing but another address.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/base/clock.ts';
import { bodyOf, give, passedOn } from '../relay/message.ts';
import { Relay, type RelayedRequest } from '../relay/relay.ts';
import { ProxyFaults, type RequestFault } from './faults.ts';
import { type KubeRequest, kubeRequest } from './request-kind.ts';
import { garbageResponse, statusResponse } from './responses.ts';
import { WatchRelay } from './watch-relay.ts';

export interface FaultyProxyOptions {
  readonly controlPlane: { readonly server: string; readonly caFile: string };
  readonly random: Random;
}

/** One request, and the fault that struck it. */
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
  /** Cuts every connection, and accepts none for so long. */
  refuse(ms: number): void;
  stop(): Promise<void>;
}

export async function startFaultyProxy({ controlPlane, random }: FaultyProxyOptions): Promise<FaultyProxy> {
  const faults = new ProxyFaults(random);
  const records: ProxyRecord[] = [];
  const relay = await Relay.start(controlPlane, async (asked, response) => {
    const request = kubeRequest(asked.method, asked.url);
    const fault = faults.forRequest(request);
    records.push({ at: Date.now(), request, fault: fault?.kind });
    await new Struck(relay, faults, asked, request, response).by(fault);
  });
  return {
    url: relay.url,
    faults,
    records,
    cut: () => relay.cut(),
    refuse: (ms) => relay.refuse(ms),
    stop: () => relay.stop(),
  };
}

/** One request, and what is done to it. */
class Struck {
  readonly #relay: Relay;
  readonly #faults: ProxyFaults;
  readonly #asked: RelayedRequest;
  readonly #request: KubeRequest;
  readonly #res: ServerResponse;

  constructor(
    relay: Relay,
    faults: ProxyFaults,
    asked: RelayedRequest,
    request: KubeRequest,
    response: ServerResponse,
  ) {
    this.#relay = relay;
    this.#faults = faults;
    this.#asked = asked;
    this.#request = request;
    this.#res = response;
  }

  async by(fault: RequestFault | undefined): Promise<void> {
    switch (fault?.kind) {
      case undefined:
        return await this.#pass(undefined);
      case 'refuse':
        return this.#relay.refuse(fault.ms);
      case 'latency':
        await sleep(fault.ms);
        return await this.#pass(undefined);
      case 'status':
        if (fault.moment === 'after') await this.#swallow();
        return give(this.#res, statusResponse(fault, Date.now()));
      case 'garbage':
        return give(this.#res, garbageResponse(fault.form));
      case 'endAtOnce':
        this.#res.writeHead(200, { 'content-type': 'application/json' });
        this.#res.end();
        return;
      case 'hang':
        if (fault.moment === 'after') await this.#swallow();
        return;
      case 'cut':
        if (fault.moment === 'midBody') return await this.#pass(fault);
        if (fault.moment === 'after') await this.#swallow();
        this.#res.destroy();
        return;
      case 'drip':
        return await this.#pass(fault);
    }
  }

  async #pass(fault: Extract<RequestFault, { kind: 'cut' | 'drip' }> | undefined): Promise<void> {
    const res = this.#res;
    const from = await this.#relay.ask(this.#asked, res);
    if (this.#request.watches && from.statusCode === 200)
      return await new WatchRelay(this.#request, from, res, this.#faults, fault).run();
    const text = await bodyOf(from);
    res.writeHead(from.statusCode ?? 502, { ...passedOn(from.headers), 'content-length': String(text.length) });
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

  /** The API server does it, and its response goes no further. */
  async #swallow(): Promise<void> {
    const response = await this.#relay.ask(this.#asked);
    if (this.#request.watches) response.destroy();
    else await bodyOf(response);
  }
}
