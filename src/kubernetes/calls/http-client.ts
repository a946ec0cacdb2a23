/**
 * The KubernetesClient that talks HTTP. It adds what every call needs and nothing more: fresh credentials (and one repetition after a 401),
 * a deadline, a size limit, the count in the metrics, and errors of one kind. It does not retry: callers know what may be repeated.
 */

import type { Clock } from '../../base/clock.ts';
import { before } from '../../base/deadline.ts';
import { stringifyExact } from '../../base/exact-json.ts';
import { HeldBack, type HttpResponse, sendRequest } from '../../base/http/http.ts';
import type { Connection, Credentials } from '../connection/connection.ts';
import { watchStream } from '../watch/stream.ts';
import type { KubernetesCall, KubernetesClient, WatchCall, WatchListener } from './client.ts';
import { KubernetesError } from './errors.ts';
import type { KubernetesMetrics } from './metrics.ts';
import { noResponse } from './network-failure.ts';
import { failureOf, isWholeObject, jsonOf, notTheApis } from './response.ts';

export interface KubernetesClientOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly metrics: KubernetesMetrics;
  /** Product and version, as servers log them. */
  readonly userAgent: string;
}

const defaultTimeoutMs = 30_000;
/** Far above a page of 500 objects, far below what would hurt this process. */
const maxResponseBytes = 128 * 1_048_576;

export function createKubernetesClient(options: KubernetesClientOptions): KubernetesClient {
  return new HttpClient(options);
}

type Headers = Readonly<Record<string, string | string[]>>;

class HttpClient implements KubernetesClient {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #metrics: KubernetesMetrics;
  readonly #userAgent: string;
  /** Headers made of these credentials, by content type; made once, since credentials live for seconds. */
  #headersOf: Credentials | undefined;
  readonly #headers = new Map<string, Headers>();

  constructor(options: KubernetesClientOptions) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#userAgent = options.userAgent;
  }

  async request(call: KubernetesCall, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
    const deadline = this.#clock.now() + timeoutMs;
    const body = call.body === undefined ? null : stringifyExact(call.body);
    const path = call.query === undefined ? call.path : call.path + queryString(call.query);
    let credentials = this.#connection.current() ?? (await this.#credentials(call, deadline, signal));
    for (let repeated = false; ; repeated = true) {
      const started = this.#clock.now();
      let response: HttpResponse;
      try {
        response = await this.#send(call, path, body, credentials, deadline - started, signal);
      } catch (error) {
        if (error instanceof HeldBack) throw error;
        this.#metrics.requested(call.method, '<error>', (this.#clock.now() - started) / 1_000);
        signal.throwIfAborted();
        throw noResponse(error, `${call.method} ${call.path}`, credentials.origin);
      }
      this.#metrics.requested(call.method, String(response.status), (this.#clock.now() - started) / 1_000);
      if (response.status >= 200 && response.status < 300) {
        const what = `${call.method} ${call.path}`;
        if (!call.discardResponse) return jsonOf(response, what);
        if (isWholeObject(response)) return undefined;
        throw notTheApis(response, what);
      }
      if (response.status === 401) {
        this.#connection.refused(credentials);
        const next = repeated ? credentials : await this.#credentials(call, deadline, signal);
        if (next !== credentials) {
          credentials = next;
          continue;
        }
      }
      throw failureOf(response, `${call.method} ${call.path}`, this.#clock.wall());
    }
  }

  watch(call: WatchCall, listener: WatchListener, signal: AbortSignal): Promise<void> {
    return watchStream({
      call,
      path: call.path + queryString(call.query),
      connection: this.#connection,
      clock: this.#clock,
      metrics: this.#metrics,
      headers: (credentials) => this.#headersFor(credentials, ''),
      listener,
      signal,
    });
  }

  #credentials(call: KubernetesCall, deadline: number, signal: AbortSignal): Promise<Credentials> {
    const left = deadline - this.#clock.now();
    const late = () =>
      new KubernetesError(`${call.method} ${call.path}: no credentials in time (is an exec plugin hanging?)`, {
        reason: 'CredentialsLate',
      });
    return before(this.#connection.credentials(), left, late, this.#clock, signal);
  }

  #send(
    call: KubernetesCall,
    path: string,
    body: string | null,
    credentials: Credentials,
    leftMs: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    return sendRequest(
      credentials.lanes[call.lane ?? 'bulk'],
      {
        origin: credentials.origin,
        path: credentials.prefix + path,
        method: call.method,
        headers: this.#headersFor(credentials, body === null ? '' : (call.contentType ?? 'application/json')),
        body,
      },
      { timeoutMs: Math.max(0, leftMs), maxBytes: maxResponseBytes },
      this.#clock,
      signal,
      call.beforeSend,
    );
  }

  #headersFor(credentials: Credentials, contentType: string): Headers {
    if (this.#headersOf !== credentials) {
      this.#headersOf = credentials;
      this.#headers.clear();
    }
    let headers = this.#headers.get(contentType);
    if (headers === undefined) {
      headers = {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(contentType === '' ? {} : { 'content-type': contentType }),
        ...credentials.headers,
      };
      this.#headers.set(contentType, headers);
    }
    return headers;
  }
}

function queryString(query: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name of Object.keys(query)) {
    text += `${text === '' ? '?' : '&'}${encodeURIComponent(name)}=${encodeURIComponent(query[name] ?? '')}`;
  }
  return text;
}
