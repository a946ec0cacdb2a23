/**
 * One HTTP exchange with Acronis: time-out over the whole of it, a cap on the body, JSON or nothing. It knows no token and no pace.
 * Redirects are not followed, so that a credential never goes where its URL did not say.
 */
import { Agent, type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.ts';
import { AcronisError, classify, notTheApis } from './errors.ts';
import { noAnswer } from './no-answer.ts';
import { parseRetryAfter } from './retry-after.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpOptions {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  /** `<product>/<version>`: Acronis shows it in its audit log and asks for it in support cases. */
  readonly userAgent: string;
  readonly timeoutMs?: number;
}

/** @returns the parsed JSON of a 2xx answer. @throws AcronisError, or the signal's reason once it is aborted. */
export type Send = (exchange: Exchange, signal: AbortSignal) => Promise<unknown>;

const mostBytes = 10 * 1024 * 1024;

/** Connections to Acronis. One for the process: undici keeps a pool for each host. */
export const createDispatcher = (): Agent =>
  new Agent({ allowH2: false, connections: 32, keepAliveTimeout: 30_000, connect: { timeout: 10_000 } });

export function createSend({ clock, dispatcher, userAgent, timeoutMs = 30_000 }: HttpOptions): Send {
  return async (exchange, signal) => {
    signal.throwIfAborted();
    const deadline = new AbortController();
    const stop = () => deadline.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const timer = clock.after(timeoutMs, () => deadline.abort(new Error('time-out')));
    try {
      const { statusCode, headers, body } = await request(exchange.url, {
        method: exchange.method,
        headers: { accept: 'application/json', 'user-agent': userAgent, ...exchange.headers },
        body: exchange.body ?? null,
        dispatcher,
        signal: deadline.signal,
      });
      const json = await readJson(body, headers['content-type']);
      if (statusCode >= 200 && statusCode < 300 && json !== undefined) return json;
      const retryAfter = headers['retry-after'];
      throw classify({
        status: statusCode,
        body: json,
        retryAfterMs: parseRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, clock.wall()),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AcronisError) throw error;
      throw noAnswer(error, deadline.signal.aborted);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
  };
}

/** The body as JSON; undefined where it is something else. The body is always read to its end or destroyed. */
async function readJson(body: Dispatcher.ResponseData['body'], type: string | string[] | undefined): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    // Leaving the loop destroys the stream, and the connection with it.
    if (bytes > mostBytes) throw notTheApis('more than 10 MB');
    chunks.push(chunk);
  }
  if (typeof type !== 'string' || !/\bjson\b/i.test(type)) return undefined;
  try {
    return JSON.parse((chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8'));
  } catch {
    return undefined;
  }
}
