/**
 * What undici calls while one watch lasts: from its opening to its end, a refusal, or the moment its caller gives it up. Each event is handed on as soon as its line is whole, in
 * the callback that brought its bytes. It settles once, and leaves neither timer nor listener behind.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../base/clock.ts';
import type { HttpResponse } from '../../base/http/http.ts';
import type { WatchCall, WatchListener } from '../calls/client.ts';
import { KubernetesError } from '../calls/errors.ts';
import type { KubernetesMetrics } from '../calls/metrics.ts';
import { noResponse } from '../calls/network-failure.ts';
import type { Connection, Credentials } from '../connection/connection.ts';
import { Lines } from './lines.ts';
import { parseWatchEvent } from './protocol.ts';
import { SilenceTimer } from './silence-timer.ts';

/** Far above etcd's limit for one object. */
const maxLineBytes = 64 * 1_048_576;
const maxErrorBytes = 1_048_576;
/** A watch may be silent for minutes, but the server accepts it immediately. */
export const opensWithinMs = 30_000;

export interface WatchRequest {
  readonly call: WatchCall;
  /** With its query. */
  readonly path: string;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly metrics: KubernetesMetrics;
  readonly headers: (credentials: Credentials) => Readonly<Record<string, string | string[]>>;
  readonly listener: WatchListener;
  readonly signal: AbortSignal;
}

export interface Opening {
  /** When it must have been accepted (`clock.now()`). */
  readonly untilMs: number;
  /** Called once: with the status, or `<error>` where none came. */
  readonly count: (code: string) => void;
}

export interface Settler extends Opening {
  readonly resolve: (refusal: HttpResponse | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export class WatchHandler implements Dispatcher.DispatchHandler {
  readonly #request: WatchRequest;
  readonly #what: string;
  readonly #settler: Settler;
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

  constructor(request: WatchRequest, what: string, settler: Settler) {
    this.#request = request;
    this.#what = what;
    this.#settler = settler;
    const leftMs = Math.max(0, settler.untilMs - request.clock.now());
    this.#opening = request.clock.after(leftMs, () => this.#fail(this.#named(notOpened())));
    request.signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, not aborted: before a request is written, an abort would destroy the connection that it was about to use.
    if (this.#over) throw new Error('given up before it was sent');
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // 103 and its like come before the response.
    if (this.#over || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#settler.count(String(status));
    if (status !== 200) return;
    this.#opening.cancel();
    const { clock, call } = this.#request;
    this.#silence = new SilenceTimer(clock, call.idleTimeoutMs, () =>
      this.#fail(this.#named(silent(call.idleTimeoutMs))),
    );
    try {
      this.#request.listener.onAccepted();
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#status !== 200) {
      this.#refusal = Buffer.concat([this.#refusal, chunk]);
      // Its beginning says enough.
      if (this.#refusal.length > maxErrorBytes) this.#refused();
      return;
    }
    this.#silence?.active();
    for (const line of this.#lines.push(chunk)) if (line.length > 1) this.#handOn(line);
    if (this.#lines.pending > maxLineBytes) this.#fail(this.#named(lineTooLong()));
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
    this.#settler.resolve(undefined);
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
      this.#request.listener.onEvent(parseWatchEvent(line, this.#what));
    } catch (error) {
      this.#fail(error);
    }
  }

  #refused(): void {
    this.#settle();
    this.#settler.resolve({ status: this.#status, headers: this.#headers, body: this.#refusal });
    this.#controller?.abort(new Error('refused'));
  }

  /** Settles first: undici responds to an abort with `onResponseError`, which then changes nothing. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#settle();
    if (this.#status === 0) this.#settler.count('<error>');
    this.#settler.reject(error);
    this.#controller?.abort(error instanceof Error ? error : new Error('aborted'));
  }

  #named(error: unknown): KubernetesError {
    return noResponse(error, this.#what, this.#request.connection.server);
  }

  #settle(): void {
    this.#over = true;
    this.#opening.cancel();
    this.#silence?.stop();
    this.#request.signal.removeEventListener('abort', this.#onAbort);
  }
}

export function notOpened(): KubernetesError {
  return new KubernetesError(`the watch was not accepted within ${opensWithinMs / 1_000} s`, { reason: 'TimedOut' });
}

function silent(ms: number): KubernetesError {
  return new KubernetesError(`nothing came for ${ms / 1_000} s`, { reason: 'Silent' });
}

function lineTooLong(): KubernetesError {
  return new KubernetesError(`a line is longer than ${maxLineBytes / 1_048_576} MiB`, { reason: 'ResponseTooLarge' });
}
