/**
 * One HTTP exchange with Acronis: time-out over the whole of it, a cap on the body, JSON or nothing. It knows no token and no pace.
 * Redirects are not followed, so that a credential never goes where its URL did not say.
 */
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../../base/clock.ts';
import { parseExactJson } from '../../base/exact-json.ts';
import { type Answer, ExchangeError, exchange, headerOf, retryAfterOf } from '../../base/http.ts';
import { classify, notTheApis } from '../errors.ts';
import { noAnswer } from './no-response.ts';
import { publicLookup } from './public-address.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called when the bytes leave, not while the request waits for a connection. */
  readonly onSent?: () => void;
}

export interface HttpOptions {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  /** `<product>/<version>`: Acronis shows it in its audit log and asks for it in support cases. */
  readonly userAgent: string;
  readonly timeoutMs?: number;
}

/** @returns the parsed JSON of a 2xx response, integers exact; undefined where its body is empty. @throws AcronisError, or the signal's reason once it is aborted. */
export type Send = (exchange: Exchange, signal: AbortSignal) => Promise<unknown>;

const mostBytes = 10 * 1024 * 1024;

/**
 * Connections to Acronis. One for the process: undici keeps a pool for each host.
 * @param anyAddress lets host names lead to private addresses: for a sandbox on one's own machine.
 */
export const createDispatcher = ({ anyAddress = false }: { readonly anyAddress?: boolean } = {}): Agent =>
  new Agent({
    allowH2: false,
    connections: 32,
    keepAliveTimeout: 30_000,
    // The deadline of an exchange holds for the whole of it; undici's would only add timers.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000, ...(anyAddress ? {} : { lookup: publicLookup() }) },
  });

export function createSend({ clock, dispatcher, userAgent, timeoutMs = 30_000 }: HttpOptions): Send {
  const limits = { timeoutMs, maxBytes: mostBytes };
  return async ({ method, url, headers, body, onSent }, signal) => {
    signal.throwIfAborted();
    const path = url.indexOf('/', 'https://'.length);
    const request = {
      method,
      origin: url.slice(0, path),
      path: url.slice(path),
      headers: { accept: 'application/json', 'user-agent': userAgent, ...headers },
      body: body ?? null,
    };
    let answer: Answer;
    try {
      answer = await exchange(dispatcher, request, limits, clock, signal, onSent);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExchangeError)) throw noAnswer(error, false);
      throw error.kind === 'tooLarge' ? notTheApis('more than 10 MB') : noAnswer(error, true);
    }
    const json = readJson(answer);
    if (answer.status >= 200 && answer.status < 300 && (json !== undefined || answer.body.length === 0)) return json;
    throw classify({ status: answer.status, body: json, retryAfterMs: retryAfterOf(answer, clock.wall()) });
  };
}

/** The body as JSON; undefined where it is something else. */
function readJson(answer: Answer): unknown {
  if (!/\bjson\b/i.test(headerOf(answer, 'content-type') ?? '')) return undefined;
  try {
    return parseExactJson(answer.body.toString());
  } catch {
    return undefined;
  }
}
