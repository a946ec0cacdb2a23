/**
 * One HTTP request and its whole response, for both remote sides, straight on undici's dispatcher: no stream, no event target and no promise per chunk, because there
 * are thousands of these per second. The deadline covers waiting for a connection, the headers and the last byte of the body, so a server
 * that sends one byte now and then holds no caller for longer than one that sends none.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../clock.ts';
import { type Entrant, Lane } from './lane.ts';

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A header that came once; one that came twice says nothing. */
export function headerOf(response: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  const value: unknown = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}

const seconds = /^\d+(\.\d+)?$/;
/** The three forms of an HTTP date. `Date.parse` alone takes almost any text with a number in it for a date. */
const httpDate = /^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .*\d:\d\d:\d\d/i;
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:/;
const zone = /(?:GMT|UTC|Z|[+-]\d\d:?\d\d)$/i;

/**
 * Retry-After (RFC 9110), as a server or a gateway may write it.
 * @param wall the time of day, for the form that is a date.
 * @returns milliseconds, not capped (Infinity for a number out of all bounds); undefined where there is none, or it says neither seconds nor a date.
 */
export function retryAfterOf(response: Pick<HttpResponse, 'headers'>, wall: number): number | undefined {
  const text = headerOf(response, 'retry-after')?.trim() ?? '';
  if (seconds.test(text)) return Number(text) * 1000;
  const iso = isoDate.test(text);
  if (!iso && !httpDate.test(text)) return undefined;
  // One form names no zone, and HTTP knows only one.
  const at = Date.parse(zone.test(text) ? text : `${text}${iso ? 'Z' : ' GMT'}`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wall);
}

export interface Limits {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const emptyBody = Buffer.alloc(0);
const noHeaders: IncomingHttpHeaders = {};
const noCaller = () => {};

/** There is no whole response, for a reason of our own. */
export class HttpRequestError extends Error {
  override readonly name = 'HttpRequestError';
  readonly kind: 'timedOut' | 'tooLarge';

  constructor(kind: HttpRequestError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Thrown by what is asked as a request's bytes are about to leave: nothing of it was sent, and the error is passed on as it is. */
export class HeldBack extends Error {}

/**
 * Redirects are responses like any other.
 * @param way where it goes: through a lane it waits for a place, and costs nothing when it is given up there.
 * @param beforeSend called as the request's bytes leave: once, and never for a request that was given up while it waited for a connection. Where it throws, they do not.
 * @throws HttpRequestError, the signal's reason, what `beforeSend` threw, or what the network layer threw.
 */
export function sendRequest(
  way: Dispatcher | Lane,
  options: Dispatcher.DispatchOptions,
  limits: Limits,
  clock: Clock,
  signal: AbortSignal,
  beforeSend?: () => void,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const lane = way instanceof Lane ? way : undefined;
    const collector = new Collector(options, lane, limits, resolve, reject, clock, signal, beforeSend);
    if (!collector.waiting) return;
    if (way instanceof Lane) way.enter(collector);
    else collector.proceed(way);
  });
}

class Collector implements Dispatcher.DispatchHandler, Entrant {
  #options: Dispatcher.DispatchOptions | undefined;
  /** The one it waits in or has a place in. */
  #lane: Lane | undefined;
  readonly #limits: Limits;
  #resolve: (response: HttpResponse) => void;
  #reject: (error: unknown) => void;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  readonly #timer: Timer;
  #beforeSend: (() => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers = noHeaders;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #bytes = 0;
  waiting = true;

  constructor(
    options: Dispatcher.DispatchOptions,
    lane: Lane | undefined,
    limits: Limits,
    resolve: (response: HttpResponse) => void,
    reject: (error: unknown) => void,
    clock: Clock,
    signal: AbortSignal,
    beforeSend: (() => void) | undefined,
  ) {
    this.#options = options;
    this.#lane = lane;
    this.#beforeSend = beforeSend;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#onAbort = () => this.#fail(signal.reason);
    this.#timer = clock.after(limits.timeoutMs, () => this.#fail(this.#timedOut()));
    if (signal.aborted) this.#fail(signal.reason);
    else signal.addEventListener('abort', this.#onAbort);
  }

  proceed(dispatcher: Dispatcher): void {
    const options = this.#options;
    this.#options = undefined;
    if (options !== undefined) dispatcher.dispatch(options, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, not aborted: before a request is written, an abort would destroy the connection that it was about to use.
    if (!this.waiting) throw new Error('given up before it was sent');
    // It may throw, and there is nothing to abort then.
    this.#beforeSend?.();
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (!this.waiting) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.waiting) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBytes) this.#fail(tooLarge(this.#limits.maxBytes));
    else if (this.#first === undefined) this.#first = chunk;
    else if (this.#more === undefined) this.#more = [this.#first, chunk];
    else this.#more.push(chunk);
  }

  onResponseEnd(): void {
    if (this.waiting) {
      const body = this.#more === undefined ? (this.#first ?? emptyBody) : Buffer.concat(this.#more, this.#bytes);
      this.#resolve({ status: this.#status, headers: this.#headers, body });
      this.#settle();
    }
    this.#exit();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.waiting) {
      this.#reject(error);
      this.#settle();
    }
    this.#exit();
  }

  /** The network layer is done with it; only now may another one take its place. */
  #exit(): void {
    const lane = this.#lane;
    this.#lane = undefined;
    lane?.exit();
  }

  #timedOut(): HttpRequestError {
    const seconds = Math.round(this.#limits.timeoutMs / 100) / 10;
    return new HttpRequestError(
      'timedOut',
      this.#options === undefined
        ? `no complete response within ${seconds} s`
        : `no connection was free within ${seconds} s, so it was not sent`,
    );
  }

  /** Settles first: undici reacts to an abort with `onResponseError`, which then finds no caller waiting. */
  #fail(error: unknown): void {
    if (!this.waiting) return;
    const controller = this.#controller;
    this.#reject(error);
    this.#settle();
    controller?.abort(error instanceof Error ? error : new Error('aborted'));
  }

  /** Releases the response and the caller: what is still held when this becomes old stays until the next full collection, and with it all that it holds. */
  #settle(): void {
    this.waiting = false;
    // It may still wait for a place.
    if (this.#options !== undefined) {
      this.#lane?.leave(this);
      this.#lane = undefined;
      this.#options = undefined;
    }
    this.#timer.cancel();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve = noCaller;
    this.#reject = noCaller;
    this.#beforeSend = undefined;
    this.#controller = undefined;
    this.#headers = noHeaders;
    this.#first = undefined;
    this.#more = undefined;
  }
}

const tooLarge = (bytes: number) =>
  new HttpRequestError('tooLarge', `the response is larger than ${Math.round(bytes / 1_048_576)} MiB`);
