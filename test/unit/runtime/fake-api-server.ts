/**
 * One collection of an API server, in memory: pages, streaming lists, watches with a history that can be compacted, bookmarks, and faults in the order a test wants them.
 * Versions are words unless a test wants numbers, so that nothing can count on them being numbers.
 */
import type { Clock } from '../../../src/base/clock.ts';
import type {
  KubernetesCall,
  KubernetesClient,
  WatchCall,
  WatchListener,
} from '../../../src/kubernetes/calls/client.ts';
import { KubernetesError } from '../../../src/kubernetes/calls/errors.ts';
import type { WatchEvent } from '../../../src/kubernetes/watch/protocol.ts';

export type Fault =
  /** The response to the call is this status. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly reason?: string;
      readonly retryAfterMs?: number;
      readonly message?: string;
    }
  | { readonly kind: 'unreachable' }
  /** The request takes this long, and then gets this status. */
  | { readonly kind: 'slow status'; readonly ms: number; readonly status: number }
  /** A stream breaks, ends in order, or ends with an ERROR event, after so many events. A list breaks immediately. */
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'end'; readonly after: number }
  | { readonly kind: 'error event'; readonly after: number; readonly code: number; readonly reason: string }
  /** Accepted, and nothing ever comes; `deaf`: not even an abort ends it. */
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
  readonly kind: 'added' | 'modified' | 'deleted';
  readonly object: FakeObject;
}

const revisionOf = (version: string) =>
  version.startsWith('v') ? Number.parseInt(version.slice(1, -1), 36) : Number(version);

export class FakeApiServer implements KubernetesClient {
  readonly objects = new Map<string, FakeObject>();
  readonly calls: {
    readonly kind: 'list' | 'watch' | 'confirm';
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
  numericVersions = false;
  /** What happens to the next lists of one object, by which a version is confirmed. */
  confirmFaults: Fault[] = [];
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
    const object = { metadata: { name, namespace, resourceVersion: this.#versionOf(this.#revision) }, spec: { value } };
    const kind = this.objects.has(key) ? 'modified' : 'added';
    this.objects.set(key, object);
    this.#happened({ revision: this.#revision, kind, object });
  }

  delete(namespace: string, name: string): void {
    const before = this.objects.get(`${namespace}/${name}`);
    if (before === undefined) return;
    this.#revision += 1;
    this.objects.delete(`${namespace}/${name}`);
    const metadata = { ...before.metadata, resourceVersion: this.#versionOf(this.#revision) };
    this.#happened({ revision: this.#revision, kind: 'deleted', object: { ...before, metadata } });
  }

  /** As etcd restored from a backup: what was there then, and versions that start again from there. Streams that are open are cut. */
  restore(objects: ReadonlyMap<string, FakeObject>, revision: number): void {
    this.objects.clear();
    for (const [key, object] of objects) this.objects.set(key, object);
    this.#revision = revision;
    this.#oldest = Math.min(this.#oldest, revision);
    this.#history.length = 0;
    this.cut();
  }

  get revision(): number {
    return this.#revision;
  }

  #versionOf(revision: number): string {
    return this.numericVersions ? String(revision) : `v${revision.toString(36)}x`;
  }

  /** What happens elsewhere in the cluster moves the revision too. */
  happensElsewhere(): void {
    this.#revision += 1;
  }

  /** Forgets the history, and every list that is being read in pages. */
  compact(): void {
    this.happensElsewhere();
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
    const confirms = query['limit'] === '1';
    this.calls.push({ kind: confirms ? 'confirm' : 'list', at: this.#clock.now(), query, path: call.path });
    const fault = (confirms ? this.confirmFaults : this.faults).shift() ?? { kind: 'none' };
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
      metadata: { resourceVersion: this.#versionOf(page.revision), ...(next === undefined ? {} : { continue: next }) },
      items: page.rest.slice(0, limit),
    };
  }

  async watch(call: WatchCall, listener: WatchListener, signal: AbortSignal): Promise<void> {
    for await (const event of this.#stream(call, listener, signal)) listener.onEvent(event);
  }

  async *#stream(
    call: WatchCall,
    listener: WatchListener,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent, void, void> {
    this.calls.push({ kind: 'watch', at: this.#clock.now(), query: call.query, path: call.path });
    const fault = this.faults.shift() ?? { kind: 'none' };
    this.open += 1;
    try {
      await Promise.resolve();
      signal.throwIfAborted();
      if (fault.kind === 'slow status') await this.#clock.sleep(fault.ms, signal);
      this.#mayOpen(call, fault);
      listener.onAccepted();
      if (fault.kind === 'silent') {
        if (fault.deaf) await new Promise(() => {});
        await this.#until(undefined, signal);
      }
      let left = 'after' in fault ? fault.after : fault.kind === 'none' ? Number.POSITIVE_INFINITY : 0;
      if (left === 0) {
        if (fault.kind === 'garbage') yield { kind: 'added', object: ['nonsense'] };
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
      position = this.#revision;
      for (const object of [...this.objects.values()]) yield { kind: 'added', object };
      if (!this.ignoresStreamingLists)
        yield { kind: 'bookmark', resourceVersion: this.#versionOf(position), endsInitial: true };
    } else {
      position = revisionOf(call.query['resourceVersion'] ?? '');
      if (position < this.#oldest) {
        if (this.expired === 'close') return;
        yield {
          kind: 'error',
          error: new KubernetesError('too old resource version', { status: 410, reason: 'Expired' }),
        };
        return;
      }
    }
    let bookmarkAt = this.#clock.now() + 60_000;
    for (;;) {
      const next = this.#history.find((change) => change.revision > position);
      if (next !== undefined) {
        position = next.revision;
        yield { kind: next.kind, object: next.object };
        continue;
      }
      const now = this.#clock.now();
      if (now >= endsAt) return;
      if (this.sendsBookmarks && now >= bookmarkAt) {
        bookmarkAt = now + 60_000;
        yield { kind: 'bookmark', resourceVersion: this.#versionOf(position), endsInitial: false };
        continue;
      }
      await this.#until(Math.min(endsAt, this.sendsBookmarks ? bookmarkAt : endsAt), signal);
    }
  }

  /** A refusal comes in place of being accepted. */
  #mayOpen(call: WatchCall, fault: Fault): void {
    if (fault.kind === 'status' || fault.kind === 'slow status' || fault.kind === 'unreachable' || fault.kind === 'bug')
      throw errorOf(fault);
    if (call.query['sendInitialEvents'] === 'true') {
      if (!this.streamsLists) throw errorOf({ kind: 'status', status: 422, reason: 'Invalid' });
    } else if (revisionOf(call.query['resourceVersion'] ?? '') < this.#oldest && this.expired === 'status')
      throw errorOf({ kind: 'status', status: 410, reason: 'Expired' });
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
        kind: 'error',
        error: new KubernetesError('made by the test', {
          status: fault.code > 0 ? fault.code : 500,
          reason: fault.reason,
        }),
      };
      return true;
    default:
      throw errorOf(fault);
  }
}

function errorOf(fault: Fault): Error {
  switch (fault.kind) {
    case 'slow status':
      return new KubernetesError(`responded with ${fault.status}`, { status: fault.status });
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
