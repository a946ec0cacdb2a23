/**
 * One HTTP request to Acronis: time-out over the whole of it, a cap on the body, JSON or nothing. It knows no token and no rate limit.
 * Redirects are not followed, so that a credential never goes where its URL did not say.
 */
import { Agent, type Dispatcher } from 'undici';
import { type Clock, systemClock } from '../../base/clock.ts';
import { HeldBack, type HttpResponse, headerOf, retryAfterOf, sendRequest } from '../../base/http/http.ts';
import { parsedBody } from './body.ts';
import { classify } from './classify.ts';
import type { Connections } from './connections.ts';
import { type Egress, egressConnector } from './egress.ts';
import { noResponse } from './no-response.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called when the bytes leave, not while the request waits for a connection. */
  readonly onSent?: () => void;
}

export interface HttpOptions {
  readonly clock: Clock;
  readonly connections: Connections;
  /** `<product>/<version>`: Acronis shows it in its audit log and asks for it in support cases. */
  readonly userAgent: string;
  readonly timeoutMs?: number;
  /** Asked as the bytes of each request leave: where it throws HeldBack, nothing is sent, and the request throws that. */
  readonly beforeSend?: () => void;
}

/** @returns the parsed JSON of a 2xx response, integers exact; undefined where its body is empty. @throws AcronisError, or the signal's reason once it is aborted. */
export type Send = (request: ApiRequest, signal: AbortSignal) => Promise<unknown>;

/**
 * Connections to Acronis, of one account: undici keeps a pool for each host.
 * @param egress where names may lead, and through which proxy.
 * @param maxConnections no less than the account's rate limiter ever lets through, so that no request waits in here.
 */
export const createDispatcher = (egress: Partial<Egress> = {}, maxConnections = 8, clock: Clock = systemClock): Agent =>
  new Agent({
    connections: maxConnections,
    keepAliveTimeout: 30_000,
    // The deadline of a request holds for the whole of it; undici's would only add timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: egressConnector({ privateHosts: [], anyAddress: false, proxy: undefined, ...egress }, clock),
  });

const maxBytes = 10 * 1024 * 1024;
/** What a timer can hold, and what a caller can mean. */
const maxRetryAfterMs = 60 * 60_000;

/** How undici and Node say that the other side closed the connection: often one that was kept alive, just as the request went out. */
const closedCodes: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const wasClosed = (error: unknown): boolean => error instanceof Error && 'code' in error && closedCodes.has(error.code);

export function createSend({ clock, connections, userAgent, timeoutMs = 30_000, beforeSend }: HttpOptions): Send {
  const limits = { timeoutMs, maxBytes };

  const once = (over: Dispatcher, { method, url, headers, body, onSent }: ApiRequest, signal: AbortSignal) => {
    const path = url.indexOf('/', 'https://'.length);
    const request = {
      method,
      origin: url.slice(0, path),
      path: url.slice(path),
      headers: { accept: 'application/json', 'user-agent': userAgent, ...headers },
      body: body ?? null,
    };
    const leaving = () => {
      beforeSend?.();
      onSent?.();
    };
    return sendRequest(over, request, limits, clock, signal, leaving);
  };

  /** A request that changes nothing goes out again on a new connection, as Go's transport does; what became of a write is for a read to show. */
  const respond = async (request: ApiRequest, signal: AbortSignal): Promise<HttpResponse> => {
    const over = connections.current();
    try {
      const response = await once(over, request, signal);
      if (response.status >= 500) connections.replace(over);
      return response;
    } catch (error) {
      if (!wasClosed(error)) throw error;
      connections.replace(over);
      if (request.method === 'PUT' || signal.aborted) throw error;
      return await once(connections.current(), request, signal);
    }
  };

  return async (request, signal) => {
    signal.throwIfAborted();
    let response: HttpResponse;
    try {
      response = await respond(request, signal);
    } catch (error) {
      if (error instanceof HeldBack) throw error;
      signal.throwIfAborted();
      throw noResponse(error, request.url);
    }
    const { form, json } = await parsedBody(response, maxBytes);
    if (response.status >= 200 && response.status < 300 && (form === 'json' || form === 'empty')) return json;
    const asked = retryAfterOf(response, clock.wall());
    const retryAfterMs = asked === undefined ? undefined : Math.min(asked, maxRetryAfterMs);
    const location = headerOf(response, 'location');
    throw classify({ url: request.url, status: response.status, body: json, form, retryAfterMs, location });
  };
}
