/**
 * One watch from its opening to its end, straight on undici's dispatcher: each event is handed on as soon as its line is whole, in the callback that brought its bytes.
 * No stream and no iteration lies between, since each object of a fleet comes by here two or three times; whoever takes the events must be quick.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../clock.ts';
import type { Answer } from '../exchange.ts';
import type { KubernetesMetrics } from '../observability/metrics.ts';
import { failureOf } from './answer.ts';
import type { WatchCall, WatchEvent } from './client.ts';
import type { Connection, Credentials } from './connection.ts';
import { before } from './deadline.ts';
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
  readonly onEvent: (event: WatchEvent) => void;
  readonly signal: AbortSignal;
}

/** Far above etcd's limit for one object. */
const MAX_LINE_BYTES = 64 * 1_048_576;
const MAX_ERROR_BYTES = 1_048_576;
/** A watch may be silent for minutes, but the server accepts it at once. */
const OPENS_WITHIN_MS = 30_000;

/** Resolves when the server ends the watch. Rejects with KubernetesError, the signal's reason, or what `onEvent` throws. */
export async function watchStream(request: WatchRequest): Promise<void> {
  const { call, connection, clock, metrics, signal } = request;
  signal.throwIfAborted();
  const what = `WATCH ${call.path}`;
  const opensUntil = clock.now() + OPENS_WITHIN_MS;
  const fresh = async (): Promise<Credentials> => {
    try {
      return await before(connection.credentials(), opensUntil - clock.now(), notOpened, clock, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw unanswered(error, what, connection.server);
    }
  };
  let credentials = connection.current() ?? (await fresh());
  for (let repeated = false; ; repeated = true) {
    signal.throwIfAborted();
    const started = clock.now();
    const count = (code: string) => metrics.requested('GET', code, (clock.now() - started) / 1_000);
    const refusal = await open(request, what, credentials, { untilMs: opensUntil, count });
    if (refusal === undefined) return;
    if (refusal.status === 401) {
      connection.refused(credentials);
      const next = repeated ? credentials : await fresh();
      if (next !== credentials) {
        credentials = next;
        continue;
      }
    }
    throw failureOf(refusal, what, clock.wall());
  }
}

/** Resolves with the answer where the watch is refused, and with nothing once an accepted one has ended. */
function open(
  request: WatchRequest,
  what: string,
  credentials: Credentials,
  opening: Opening,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const { origin, prefix, pools } = credentials;
    const call = { origin, path: prefix + request.path, method: 'GET', headers: request.headers(credentials) } as const;
    pools.watches.dispatch(call, new Stream(request, what, { ...opening, resolve, reject }));
  });
}

interface Opening {
  /** When it must have been accepted (`clock.now()`). */
  readonly untilMs: number;
  /** Called once: with the status, or `<error>` where none came. */
  readonly count: (code: string) => void;
}

interface Outcome extends Opening {
  readonly resolve: (refusal: Answer | undefined) => void;
  readonly reject: (error: unknown) => void;
}

class Stream implements Dispatcher.DispatchHandler {
  readonly #request: WatchRequest;
  readonly #what: string;
  readonly #outcome: Outcome;
  readonly #lines = new Lines();
  readonly #onAbort = () => this.#fail(this.#request.signal.reason);
  readonly #opening: Timer;
  #silence: SilenceTimer | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  /** What a refusal says. */
  #refusal: Buffer = Buffer.alloc(0);
  #over = false;

  constructor(request: WatchRequest, what: string, outcome: Outcome) {
    this.#request = request;
    this.#what = what;
    this.#outcome = outcome;
    const leftMs = Math.max(0, outcome.untilMs - request.clock.now());
    this.#opening = request.clock.after(leftMs, () => this.#fail(this.#named(notOpened())));
    request.signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('given up before it was sent'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 103 and its like come before the answer.
    if (this.#over || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#outcome.count(String(status));
    if (status !== 200) return;
    this.#opening.cancel();
    const { clock, call } = this.#request;
    this.#silence = new SilenceTimer(clock, call.idleTimeoutMs, () =>
      this.#fail(this.#named(silent(call.idleTimeoutMs))),
    );
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#status !== 200) {
      this.#refusal = Buffer.concat([this.#refusal, chunk]);
      // Its beginning says enough.
      if (this.#refusal.length > MAX_ERROR_BYTES) this.#refused();
      return;
    }
    this.#silence?.heard();
    for (const line of this.#lines.push(chunk)) if (line.length > 1) this.#handOn(line);
    if (this.#lines.pending > MAX_LINE_BYTES) this.#fail(this.#named(lineTooLong()));
  }

  onResponseEnd(): void {
    if (this.#over) return;
    if (this.#status !== 200) {
      this.#refused();
      return;
    }
    const rest = this.#lines.rest();
    if (rest.trim() !== '') this.#handOn(rest);
    if (this.#over) return;
    this.#settle();
    this.#outcome.resolve(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    // A refusal that was cut off in the middle is one all the same: its status says enough.
    if (this.#status !== 0 && this.#status !== 200) this.#refused();
    else this.#fail(this.#named(error));
  }

  #handOn(line: string): void {
    if (this.#over) return;
    try {
      this.#request.onEvent(parse(line, this.#what));
    } catch (error) {
      this.#fail(error);
    }
  }

  #refused(): void {
    this.#settle();
    this.#outcome.resolve({ status: this.#status, headers: this.#headers, body: this.#refusal });
    this.#controller?.abort(new Error('refused'));
  }

  /** Settles first: undici answers an abort with `onResponseError`, which then finds nobody waiting. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#settle();
    if (this.#status === 0) this.#outcome.count('<error>');
    this.#outcome.reject(error);
    this.#controller?.abort(error instanceof Error ? error : new Error('aborted'));
  }

  #named(error: unknown): KubernetesError {
    return unanswered(error, this.#what, this.#request.connection.server);
  }

  #settle(): void {
    this.#over = true;
    this.#opening.cancel();
    this.#silence?.stop();
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
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

function lineTooLong(): KubernetesError {
  return new KubernetesError(`a line is longer than ${MAX_LINE_BYTES / 1_048_576} MiB`, { reason: 'AnswerTooLarge' });
}
