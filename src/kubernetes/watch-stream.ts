/**
 * One watch, from its request to its end. The stream is destroyed on every way out: the consumer stops, the signal aborts, the server
 * ends, breaks or falls silent. Opening it again is the reflector's business.
 */
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import type { KubernetesMetrics } from '../observability/metrics.ts';
import { failureOf } from './answer.ts';
import type { WatchCall, WatchEvent } from './client.ts';
import type { Connection, Credentials } from './connection.ts';
import { KubernetesError } from './errors.ts';
import { Lines } from './lines.ts';
import { unanswered } from './network-failure.ts';
import { SilenceTimer } from './silence-timer.ts';

export interface WatchRequest {
  readonly call: WatchCall;
  /** With its query. */
  readonly path: string;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly metrics: KubernetesMetrics;
  readonly headers: (credentials: Credentials) => Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Far above etcd's limit for one object. */
const MAX_LINE_BYTES = 64 * 1_048_576;
const MAX_ERROR_BYTES = 1_048_576;
/** A watch may be silent for minutes, but the server accepts it at once. */
const OPENS_WITHIN_MS = 30_000;

type Response = Dispatcher.ResponseData;

export async function* watchStream(request: WatchRequest): AsyncGenerator<WatchEvent, void, void> {
  const { call, connection, clock, signal } = request;
  signal.throwIfAborted();
  const what = `WATCH ${call.path}`;
  const cut = new AbortController();
  const onAbort = () => cut.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  const silence = new SilenceTimer(clock, call.idleTimeoutMs, () => cut.abort(silent(call.idleTimeoutMs)));
  const opening = clock.after(OPENS_WITHIN_MS, () => cut.abort(notOpened()));
  let body: Response['body'] | undefined;
  try {
    const response = await open(request, what, cut.signal);
    opening.cancel();
    body = response.body;
    const lines = new Lines(MAX_LINE_BYTES);
    silence.listen();
    for await (const chunk of response.body) {
      // While the consumer is at work nobody reads, and silence says nothing about the server.
      silence.pause();
      for (const line of lines.push(chunk)) {
        if (line.length > 1) yield parse(line, what);
      }
      silence.listen();
    }
    const rest = lines.rest();
    if (rest.trim() !== '') yield parse(rest, what);
  } catch (error) {
    signal.throwIfAborted();
    if (cut.signal.aborted) throw unanswered(cut.signal.reason, what, connection.server);
    if (error instanceof KubernetesError && error.message.startsWith(what)) throw error;
    throw unanswered(error, what, connection.server);
  } finally {
    opening.cancel();
    silence.stop();
    signal.removeEventListener('abort', onAbort);
    body?.on('error', () => {}).destroy();
  }
}

/** The response of a watch that was accepted. @throws KubernetesError where it was not, or what the network layer threw */
async function open(request: WatchRequest, what: string, signal: AbortSignal): Promise<Response> {
  const { connection, clock, metrics } = request;
  let credentials = connection.current() ?? (await orAborted(connection.credentials(), signal));
  for (let repeated = false; ; repeated = true) {
    const started = clock.now();
    const count = (code: string) => metrics.requested('GET', code, (clock.now() - started) / 1_000);
    let response: Response;
    try {
      response = await credentials.pools.watches.request({
        origin: credentials.origin,
        path: credentials.prefix + request.path,
        method: 'GET',
        headers: request.headers(credentials),
        signal,
      });
    } catch (error) {
      count('<error>');
      throw error;
    }
    count(String(response.statusCode));
    if (response.statusCode === 200) return response;
    const body = await head(response);
    if (response.statusCode === 401) {
      connection.refused(credentials);
      const next = repeated ? credentials : await orAborted(connection.credentials(), signal);
      if (next !== credentials) {
        credentials = next;
        continue;
      }
    }
    const headers = response.headers;
    throw failureOf({ status: response.statusCode, headers, body }, what, clock.wall());
  }
}

/** The body of a refusal, as far as it is reasonable. */
async function head(response: Response): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > MAX_ERROR_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(chunks);
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
    promise.then(resolve, reject);
  });
}

function parse(line: string, what: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new KubernetesError(`${what}: a line of the stream is not JSON`, { reason: 'InvalidAnswer' });
  }
  if (isWatchEvent(event)) return event;
  throw new KubernetesError(`${what}: a line of the stream is not a watch event`, { reason: 'InvalidAnswer' });
}

/** By hand, since it runs for each event of the fleet. */
function isWatchEvent(event: unknown): event is WatchEvent {
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event)) return false;
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
    case 'ERROR':
      return typeof event.object === 'object' && event.object !== null;
    default:
      return false;
  }
}

function notOpened(): KubernetesError {
  return new KubernetesError(`the watch was not accepted within ${OPENS_WITHIN_MS / 1_000} s`, { reason: 'TimedOut' });
}

function silent(ms: number): KubernetesError {
  return new KubernetesError(`nothing came for ${ms / 1_000} s`, { reason: 'Silent' });
}
