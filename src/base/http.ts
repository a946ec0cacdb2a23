/**
 * One HTTP request and its whole answer, for both remote sides, straight on undici's dispatcher: no stream, no event target and no promise per chunk, because there
 * are thousands of these per second. The deadline covers waiting for a connection, the headers and the last byte of the body, so a server
 * that sends one byte now and then holds nobody for longer than one that sends none.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from './clock.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A header that came once; one that came twice says nothing. */
export function headerOf(answer: Pick<Answer, 'headers'>, name: string): string | undefined {
  const value: unknown = answer.headers[name];
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
export function retryAfterOf(answer: Pick<Answer, 'headers'>, wall: number): number | undefined {
  const text = headerOf(answer, 'retry-after')?.trim() ?? '';
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

const EMPTY = Buffer.alloc(0);
const NONE: IncomingHttpHeaders = {};
const nobody = () => {};

/** There is no whole answer, for a reason of our own. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: 'timedOut' | 'tooLarge';

  constructor(kind: ExchangeError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Redirects are answers like any other.
 * @param onSent called as the request's bytes leave: once, and never for a request that was given up while it waited for a connection.
 * @throws ExchangeError, the signal's reason, or what the network layer threw.
 */
export function exchange(
  pool: Dispatcher,
  options: Dispatcher.DispatchOptions,
  limits: Limits,
  clock: Clock,
  signal: AbortSignal,
  onSent?: () => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(limits, resolve, reject, clock, signal, onSent);
    if (collector.waiting) pool.dispatch(options, collector);
  });
}

class Collector implements Dispatcher.DispatchHandler {
  readonly #limits: Limits;
  #resolve: (answer: Answer) => void;
  #reject: (error: unknown) => void;
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  readonly #timer: Timer;
  #onSent: (() => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers = NONE;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #bytes = 0;
  waiting = true;

  constructor(
    limits: Limits,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
    clock: Clock,
    signal: AbortSignal,
    onSent: (() => void) | undefined,
  ) {
    this.#onSent = onSent;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#onAbort = () => this.#fail(signal.reason);
    this.#timer = clock.after(limits.timeoutMs, () => this.#fail(timedOut(limits.timeoutMs)));
    if (signal.aborted) this.#fail(signal.reason);
    else signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Thrown, not aborted: before a request is written, an abort would destroy the connection that it was about to use.
    if (!this.waiting) throw new Error('given up before it was sent');
    this.#controller = controller;
    this.#onSent?.();
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
    if (!this.waiting) return;
    const body = this.#more === undefined ? (this.#first ?? EMPTY) : Buffer.concat(this.#more, this.#bytes);
    this.#resolve({ status: this.#status, headers: this.#headers, body });
    this.#settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.waiting) return;
    this.#reject(error);
    this.#settle();
  }

  /** Settles first: undici answers an abort with `onResponseError`, which then finds nobody waiting. */
  #fail(error: unknown): void {
    if (!this.waiting) return;
    const controller = this.#controller;
    this.#reject(error);
    this.#settle();
    controller?.abort(error instanceof Error ? error : new Error('aborted'));
  }

  /** Lets go of the answer and of whoever waited: what is still held when this becomes old stays until the next full collection, and with it all that it holds. */
  #settle(): void {
    this.waiting = false;
    this.#timer.cancel();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve = nobody;
    this.#reject = nobody;
    this.#onSent = undefined;
    this.#controller = undefined;
    this.#headers = NONE;
    this.#first = undefined;
    this.#more = undefined;
  }
}

const timedOut = (ms: number) =>
  new ExchangeError('timedOut', `no complete answer within ${Math.round(ms / 100) / 10} s`);

const tooLarge = (bytes: number) =>
  new ExchangeError('tooLarge', `the answer is larger than ${Math.round(bytes / 1_048_576)} MiB`);
