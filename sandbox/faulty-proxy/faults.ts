/**
 * What can go wrong between an operator and its API server, done on purpose. A fault waits for requests of its kinds, lets some pass, and strikes the
 * next ones: always, a number of times, or with a probability from a seeded generator. Most strike a request; those of a stream strike a line of an
 * open watch (or, `silent` and `cutNow`, the open watch itself, as soon as they are added).
 */
import type { Random } from '../../src/base/clock.ts';
import type { KubeRequest, RequestKind } from './request-kind.ts';

interface When {
  /** All kinds if not given. */
  readonly on?: readonly RequestKind[];
  /** Only lists by stream, of whatever kind. */
  readonly listsByStream?: true;
  readonly skip?: number;
  /** For ever if not given. */
  readonly times?: number;
  readonly probability?: number;
}

/** `before`: the API server never gets it; `after`: it was applied, and the response is lost; `midBody`: half of the response comes. */
export type Moment = 'before' | 'after' | 'midBody';

export type RequestFault =
  /** This request is cut and nothing listens at the address for so long. */
  | { readonly kind: 'refuse'; readonly ms: number }
  | { readonly kind: 'cut'; readonly moment: Moment }
  /** The connection stays open, and nothing comes. */
  | { readonly kind: 'hang'; readonly moment: 'before' | 'after' }
  | { readonly kind: 'latency'; readonly ms: number }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly reason?: string;
      readonly retryAfter?: number;
      readonly retryAfterForm?: 'seconds' | 'date';
      readonly body?: 'status' | 'html' | 'text' | 'empty';
      readonly moment?: 'before' | 'after';
    }
  /** 200, and not what was asked for. */
  | { readonly kind: 'garbage'; readonly form: 'html' | 'truncated' | 'otherJson' }
  /** The response comes a few bytes at a time. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** A watch that ends in order as soon as it is open. */
  | { readonly kind: 'endAtOnce' };

export type StreamFault =
  /** Nothing comes any more, neither events nor bookmarks, on a connection that stays open. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'cutNow' }
  /** Cut in the middle of a line. */
  | { readonly kind: 'cutLine' }
  | { readonly kind: 'garbageLine' }
  /** An ERROR event instead of the line, and the end. */
  | { readonly kind: 'errorEvent'; readonly code: number; readonly reason: string }
  | { readonly kind: 'duplicate' }
  /** The event is swallowed, and then the connection is cut, or its version is reported as too old: a server never just loses one. */
  | { readonly kind: 'dropThenCut' }
  | { readonly kind: 'dropThenExpire' }
  /** Two chunks that part in the middle of a character. */
  | { readonly kind: 'splitCharacter' }
  /** The event grows by so many bytes of an unknown field. */
  | { readonly kind: 'pad'; readonly bytes: number };

export type ProxyFault = When & (RequestFault | StreamFault);
export type ProxyFaultKind = ProxyFault['kind'];

interface Entry {
  readonly number: number;
  readonly fault: ProxyFault;
  seen: number;
  done: number;
}

const streamKinds: ReadonlySet<ProxyFaultKind> = new Set<StreamFault['kind']>([
  'silent',
  'cutNow',
  'cutLine',
  'garbageLine',
  'errorEvent',
  'duplicate',
  'dropThenCut',
  'dropThenExpire',
  'splitCharacter',
  'pad',
]);
const isOfStream = (fault: ProxyFault): fault is When & StreamFault => streamKinds.has(fault.kind);
const isOfRequest = (fault: ProxyFault): fault is When & RequestFault => !streamKinds.has(fault.kind);
/** Strikes the stream, whether or not a line is there. */
export const needsNoLine = (fault: StreamFault): boolean => fault.kind === 'silent' || fault.kind === 'cutNow';

export class ProxyFaults {
  readonly #random: Random;
  readonly #entries: Entry[] = [];
  readonly #listeners = new Set<() => void>();
  #last = 0;
  #struck = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How often any fault struck. */
  get struck(): number {
    return this.#struck;
  }

  /** Answers its number, for `remove`. */
  add(fault: ProxyFault): number {
    this.#last += 1;
    this.#entries.push({ number: this.#last, fault, seen: 0, done: 0 });
    for (const listener of [...this.#listeners]) listener();
    return this.#last;
  }

  remove(number: number): void {
    const at = this.#entries.findIndex((entry) => entry.number === number);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** Those that will strike again. */
  get pending(): number {
    return this.#entries.length;
  }

  /** Called whenever a fault is added, until the returned function is called. */
  onAdded(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  forRequest(request: KubeRequest): RequestFault | undefined {
    return this.#take(
      request.kind,
      (fault): fault is When & RequestFault => isOfRequest(fault) && (!fault.listsByStream || request.streamsList),
    );
  }

  /** @param line whether there is a line to do something to. */
  forStream(kind: RequestKind, line: boolean): StreamFault | undefined {
    return this.#take(kind, (fault): fault is When & StreamFault => isOfStream(fault) && needsNoLine(fault) === !line);
  }

  #take<F extends ProxyFault>(kind: RequestKind, fits: (fault: ProxyFault) => fault is F): F | undefined {
    for (const entry of this.#entries) {
      const { fault } = entry;
      if (!fits(fault) || (fault.on !== undefined && !fault.on.includes(kind))) continue;
      entry.seen += 1;
      if (entry.seen <= (fault.skip ?? 0)) continue;
      if ((fault.probability ?? 1) < 1 && this.#random() >= (fault.probability ?? 1)) continue;
      entry.done += 1;
      this.#struck += 1;
      if (entry.done === fault.times) this.remove(entry.number);
      return fault;
    }
    return undefined;
  }
}
