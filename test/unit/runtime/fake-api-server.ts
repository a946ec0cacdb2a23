/**
 * One collection of an API server, in memory: pages, streaming lists, watches with a history that can be compacted, bookmarks, and faults in the order a test wants them.
 * Versions are words, so that nobody can count on them being numbers.
 */
import type { Clock } from '../../../src/base/clock.ts';
import type { KubernetesCall, KubernetesClient, WatchCall, WatchEvent } from '../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../src/kubernetes/calls/errors.ts';

export type Fault =
  /** The call is answered with this status. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly reason?: string;
      readonly retryAfterMs?: number;
      readonly message?: string;
    }
  | { readonly kind: 'unreachable' }
  /** A stream breaks, ends in order, or ends with an ERROR event, after so many events. A list breaks at once. */
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'end'; readonly after: number }
  | { readonly kind: 'error event'; readonly after: number; readonly code: number; readonly reason: string }
  /** Nothing ever comes; `deaf`: not even an abort ends it. */
  | { readonly kind: 'silent'; readonly deaf?: boolean }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'bug' }
  | { readonly kind: 'none' };

export interface FakeObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly spec: { readonly value: number };
}

interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: FakeObject;
}

const versionOf = (revision: number) => `v${revision.toString(36)}x`;
const revisionOf = (version: string) => Number.parseInt(version.slice(1, -1), 36);

export class FakeApiServer implements KubernetesClient {
  readonly objects = new Map<string, FakeObject>();
  readonly calls: {
    readonly kind: 'list' | 'watch';
    readonly at: number;
    readonly query: Readonly<Record<string, string>>;
    readonly path: string;
  }[] = [];
  /** What happens to the next calls, in order; then all goes well. */
  faults: Fault[] = [];
  streamsLists = true;
  /** What a server before 1.27 does with a streaming list: it watches. */
  ignoresStreamingLists = false;
  sendsBookmarks = true;
  /** How a version that is too old is refused. */
  expired: 'status' | 'event' | 'close' = 'status';
  open = 0;

  readonly #clock: Clock;
  #revision = 100;
  #oldest = 100;
  readonly #history: Change[] = [];
  readonly #wake = new Set<() => void>();
  readonly #cut = new Set<() => void>();
  readonly #pages = new Map<string, { readonly rest: FakeObject[]; readonly revision: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(namespace: string, name: string, value: number): void {
    const key = `${namespace}/${name}`;
    this.#revision += 1;
    const object = { metadata: { name, namespace, resourceVersion: versionOf(this.#revision) }, spec: { value } };
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.objects.set(key, object);
    this.#happened({ revision: this.#revision, type, object });
  }

  delete(namespace: string, name: string): void {
    const before = this.objects.get(`${namespace}/${name}`);
    if (before === undefined) return;
    this.#revision += 1;
    this.objects.delete(`${namespace}/${name}`);
    const metadata = { ...before.metadata, resourceVersion: versionOf(this.#revision) };
    this.#happened({ revision: this.#revision, type: 'DELETED', object: { ...before, metadata } });
  }

  /** Forgets the history, and every list that is being read in pages. */
  compact(): void {
    // What happens elsewhere in the cluster moves the revision too.
    this.#revision += 1;
    // Streams that are open have what they need already.
    this.#oldest = this.#revision;
    this.#pages.clear();
  }

  /** Cuts every connection that is open and has nothing more to say just now. */
  cut(): void {
    for (const cut of [...this.#cut]) cut();
  }

  #happened(change: Change): void {
    this.#history.push(change);
    for (const wake of [...this.#wake]) wake();
  }

  async request(call: KubernetesCall, signal: AbortSignal): Promise<unknown> {
    const query = call.query ?? {};
    this.calls.push({ kind: 'list', at: this.#clock.now(), query, path: call.path });
    const fault = this.faults.shift() ?? { kind: 'none' };
    await Promise.resolve();
    signal.throwIfAborted();
    switch (fault.kind) {
      case 'none':
        break;
      case 'silent':
        await this.#clock.sleep(30_000, signal);
        throw new KubernetesError('took too long', { reason: 'TimedOut' });
      case 'garbage':
        return { kind: 'Table', rows: [] };
      default:
        throw errorOf(fault);
    }
    const token = query['continue'];
    const page =
      token === undefined ? { rest: [...this.objects.values()], revision: this.#revision } : this.#pages.get(token);
    if (page === undefined) throw errorOf({ kind: 'status', status: 410, reason: 'Expired' });
    const limit = Number(query['limit'] ?? page.rest.length);
    const rest = page.rest.slice(limit);
    const next = rest.length === 0 ? undefined : `token ${page.revision} ${rest.length}`;
    if (next !== undefined) this.#pages.set(next, { rest, revision: page.revision });
    return {
      metadata: { resourceVersion: versionOf(page.revision), ...(next === undefined ? {} : { continue: next }) },
      items: page.rest.slice(0, limit),
    };
  }

  async watch(call: WatchCall, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    for await (const event of this.#stream(call, signal)) onEvent(event);
  }

  async *#stream(call: WatchCall, signal: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
    this.calls.push({ kind: 'watch', at: this.#clock.now(), query: call.query, path: call.path });
    const fault = this.faults.shift() ?? { kind: 'none' };
    this.open += 1;
    try {
      await Promise.resolve();
      signal.throwIfAborted();
      if (fault.kind === 'silent') {
        if (fault.deaf) await new Promise(() => {});
        await this.#until(undefined, signal);
      }
      let left = 'after' in fault ? fault.after : fault.kind === 'none' ? Number.POSITIVE_INFINITY : 0;
      if (left === 0) {
        if (fault.kind === 'garbage') yield { type: 'ADDED', object: 'nonsense' };
        if (yield* broken(fault)) return;
        left = Number.POSITIVE_INFINITY;
      }
      for await (const event of this.#events(call, signal)) {
        yield event;
        left -= 1;
        if (left === 0 && (yield* broken(fault))) return;
      }
    } finally {
      this.open -= 1;
    }
  }

  async *#events(call: WatchCall, signal: AbortSignal): AsyncGenerator<WatchEvent, void, void> {
    const endsAt = this.#clock.now() + Number(call.query['timeoutSeconds']) * 1000;
    let position: number;
    if (call.query['sendInitialEvents'] === 'true') {
      if (!this.streamsLists) throw errorOf({ kind: 'status', status: 422, reason: 'Invalid' });
      position = this.#revision;
      for (const object of [...this.objects.values()]) yield { type: 'ADDED', object };
      if (!this.ignoresStreamingLists) yield bookmark(position, true);
    } else {
      position = revisionOf(call.query['resourceVersion'] ?? '');
      if (position < this.#oldest) {
        if (this.expired === 'close') return;
        if (this.expired === 'status') throw errorOf({ kind: 'status', status: 410, reason: 'Expired' });
        yield {
          type: 'ERROR',
          object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' },
        };
        return;
      }
    }
    let bookmarkAt = this.#clock.now() + 60_000;
    for (;;) {
      const next = this.#history.find((change) => change.revision > position);
      if (next !== undefined) {
        position = next.revision;
        yield { type: next.type, object: next.object };
        continue;
      }
      const now = this.#clock.now();
      if (now >= endsAt) return;
      if (this.sendsBookmarks && now >= bookmarkAt) {
        bookmarkAt = now + 60_000;
        yield bookmark(position, false);
        continue;
      }
      await this.#until(Math.min(endsAt, this.sendsBookmarks ? bookmarkAt : endsAt), signal);
    }
  }

  /** Until something happens, or the time has come. */
  #until(at: number | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#wake.delete(wake);
        this.#cut.delete(cut);
        timer?.cancel();
        signal.removeEventListener('abort', abort);
      };
      const wake = () => {
        end();
        resolve();
      };
      const abort = () => {
        end();
        reject(signal.reason);
      };
      const cut = () => {
        end();
        reject(errorOf({ kind: 'cut', after: 0 }));
      };
      this.#cut.add(cut);
      if (at !== undefined) this.#wake.add(wake);
      const timer = at === undefined ? undefined : this.#clock.after(at - this.#clock.now(), wake);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
  }
}

/** What a fault does to a stream. True: it ends here, in order. */
function* broken(fault: Fault): Generator<WatchEvent, boolean, void> {
  switch (fault.kind) {
    case 'none':
    case 'silent':
    case 'garbage':
      return false;
    case 'end':
      return true;
    case 'error event':
      yield {
        type: 'ERROR',
        object: { kind: 'Status', code: fault.code, reason: fault.reason, message: 'made by the test' },
      };
      return true;
    default:
      throw errorOf(fault);
  }
}

function errorOf(fault: Fault): Error {
  switch (fault.kind) {
    case 'status':
      return new KubernetesError(fault.message ?? `answered with ${fault.status}`, {
        status: fault.status,
        reason: fault.reason ?? '',
        retryAfterMs: fault.retryAfterMs,
      });
    case 'unreachable':
      return new KubernetesError('no answer: nothing listens there', {
        reason: 'ConnectionFailed',
        cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
      });
    case 'bug':
      return new TypeError('cannot read properties of undefined');
    default:
      return new KubernetesError('the connection was cut', { reason: 'ConnectionFailed' });
  }
}

const bookmark = (revision: number, endsInitialEvents: boolean): WatchEvent => ({
  type: 'BOOKMARK',
  object: {
    metadata: {
      resourceVersion: versionOf(revision),
      ...(endsInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  },
});
