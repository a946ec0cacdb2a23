/**
 * Keeps a store true to what the API server has: lists, then watches, and finds a way back from everything that can happen on the way.
 *
 * It is a state machine. A step leads to the next state or fails, and every failure goes through `#recover`, which says what comes next and when:
 *
 *   listing (by stream, or in pages) → watching ⟲ … a failure → waiting → watching again from the last version, or listing again
 *
 * Invariants: it never ends before its signal is aborted. After a failure there is always a wait. A list is put into the store whole, when it is
 * complete; until then the store keeps what it had. The version is whatever the server sent last, and is never looked into.
 */
import type { Clock, Random } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Problem, ProblemListener } from '../../base/problem.ts';
import type { Semaphore } from '../../base/semaphore.ts';
import type { KubernetesClient, WatchEvent } from '../../kubernetes/calls/client.ts';
import { KubernetesError } from '../../kubernetes/calls/errors.ts';
import { pathOf, type Resource } from '../../kubernetes/calls/resource.ts';
import type { Store, Stored } from '../store/store.ts';
import { endedEarly, listUnfinished } from './failure.ts';
import { followWatch } from './follow-watch.ts';
import { surelyOpenMs, WatchHealth } from './health.ts';
import { InitialEvents } from './initial-events.ts';
import type { ReflectorMetrics } from './metrics.ts';
import { metaOf } from './object-meta.ts';
import { listInPages } from './paged-list.ts';
import { nameOf, problemOf } from './problem.ts';
import { WatchRecovery } from './recovery.ts';
import { Projection } from './transform.ts';
import { watchCall } from './watch-call.ts';

export interface ReflectorOptions<T extends Stored> {
  readonly client: KubernetesClient;
  readonly resource: Resource;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Where the objects go. `replace` is called with `namespace` as its scope. */
  readonly store: Pick<Store<T>, 'replace' | 'upsert' | 'remove'>;
  /** What is kept of an object; its `key` is `namespace/name`, or `name` where there is no namespace. `undefined`: it cannot be read, and counts as not there. */
  readonly project: (raw: unknown) => T | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ReflectorMetrics;
  readonly onProblem?: ProblemListener;
  /** Shared by the reflectors of a process, so that they do not all list at once. */
  readonly lists?: Semaphore;
}

type State =
  | { readonly kind: 'listing' }
  | { readonly kind: 'watching'; readonly resourceVersion: string }
  | { readonly kind: 'waiting'; readonly ms: number; readonly then: State };

const firstPageLimit = 500;
/** Beyond this a list is not cut into pages at all. */
const largestPageLimit = 8_000;
/** A server that sends bookmarks sends one a minute (kube-apiserver's cacher). Once it has, half a minute more of silence means a dead connection. */
const heartbeatMs = 90_000;
/** While a streaming list is on its way the server has something to say all the time. */
const listSilenceMs = 60_000;

export class Reflector<T extends Stored> {
  /** Resolves when the store holds the whole truth for the first time. */
  readonly synced: Promise<void>;

  readonly #options: ReflectorOptions<T>;
  readonly #name: string;
  readonly #path: string;
  readonly #selectors: Readonly<Record<string, string>>;
  readonly #log: Log;
  readonly #projection: Projection<T>;
  readonly #recovery: WatchRecovery;
  readonly #health: WatchHealth;
  readonly #resolveSynced: () => void;

  #state: State = { kind: 'listing' };
  #hasSynced = false;
  #pageLimit = firstPageLimit;
  #sendsBookmarks = false;
  /** Whether the present stream has brought an event. */
  #heard = false;

  constructor(options: ReflectorOptions<T>) {
    const { resource, namespace, clock, random, metrics } = options;
    this.#options = options;
    this.#name = nameOf(resource);
    this.#path = pathOf(resource, namespace === undefined ? {} : { namespace });
    this.#selectors = {
      ...(options.labelSelector ? { labelSelector: options.labelSelector } : {}),
      ...(options.fieldSelector ? { fieldSelector: options.fieldSelector } : {}),
    };
    this.#log = options.log.with({ resource: this.#name, ...(namespace === undefined ? {} : { namespace }) });
    this.#recovery = new WatchRecovery(random);
    this.#health = new WatchHealth({ clock, log: this.#log, onProblem: options.onProblem });
    this.#projection = new Projection({
      project: options.project,
      onUnreadable: (key, detail) => {
        metrics.watchFailed(this.#name, 'UnreadableObject');
        if (key === undefined) return;
        this.#log.warn('an object cannot be read and is treated as if it were not there', { key, detail });
      },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** When the server was last heard from (`clock.now()`): an event, a bookmark, a page of a list. `undefined` before the first time. */
  get lastEventAt(): number | undefined {
    return this.#health.lastHeardAt;
  }

  /** Synced, and not out of touch with the server for long. */
  get healthy(): boolean {
    return this.#hasSynced && this.#health.inTouch;
  }

  get problem(): Problem | undefined {
    return this.#health.problem;
  }

  /** Keeps the store true until the signal is aborted; never ends before, and never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step(signal);
      } catch (error) {
        if (!signal.aborted) this.#recover(error);
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const state = this.#state;
    switch (state.kind) {
      case 'waiting':
        await this.#options.clock.sleep(state.ms, signal);
        this.#state = state.then;
        return;
      case 'listing': {
        const endTurn = await this.#options.lists?.acquire(signal);
        try {
          if (this.#recovery.listsByStream) await this.#listByStreamAndWatch(() => endTurn?.(), signal);
          else await this.#listInPages(signal);
        } finally {
          endTurn?.();
        }
        return;
      }
      case 'watching':
        this.#health.opened();
        await this.#follow({ resourceVersion: state.resourceVersion }, (event) => this.#apply(event), signal);
        this.#watchEnded();
    }
  }

  async #listInPages(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, T>();
    const end = await listInPages(
      {
        client: this.#options.client,
        path: this.#path,
        query: this.#selectors,
        limit: this.#pageLimit,
        onPage: () => this.#health.heard(),
        onItem: (item) => {
          const object = this.#projection.of(item);
          if (object !== undefined) objects.set(object.key, object);
        },
      },
      signal,
    );
    if (end.kind === 'token expired') {
      // Reading the pages takes longer than the server keeps them: fewer and larger ones.
      this.#pageLimit = this.#pageLimit * 2 > largestPageLimit ? 0 : this.#pageLimit * 2;
      throw new KubernetesError('the list grew too old while it was read in pages', { status: 410, reason: 'Expired' });
    }
    this.#listed(objects, end.resourceVersion);
  }

  /** A streaming list goes on as a watch, on the same stream, once the list is complete. */
  async #listByStreamAndWatch(onListed: () => void, signal: AbortSignal): Promise<void> {
    const initial = new InitialEvents(this.#projection);
    const onEvent = (event: WatchEvent): void => {
      if (this.#state.kind === 'watching') {
        this.#apply(event);
        return;
      }
      const resourceVersion = initial.take(event);
      if (resourceVersion === undefined) return;
      // It was a bookmark that said so: whoever sends this one sends the others too.
      this.#sendsBookmarks = true;
      this.#health.opened();
      this.#listed(initial.objects, resourceVersion);
      initial.objects.clear();
      onListed();
    };
    await this.#follow({ sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }, onEvent, signal);
    if (this.#state.kind !== 'watching') throw listUnfinished();
    this.#watchEnded();
  }

  async #follow(
    query: Readonly<Record<string, string>>,
    onEvent: (event: WatchEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, random, metrics } = this.#options;
    const call = watchCall(this.#path, { ...this.#selectors, ...query }, random);
    const surelyOpen = clock.after(surelyOpenMs, () => {
      if (this.#state.kind === 'watching') this.#health.well();
    });
    this.#heard = false;
    try {
      await followWatch(
        {
          client,
          clock,
          call,
          silenceMs: () => {
            if (this.#state.kind !== 'watching') return listSilenceMs;
            return this.#sendsBookmarks ? heartbeatMs : call.idleTimeoutMs;
          },
          onEvent: (event) => {
            this.#heard = true;
            this.#health.heard();
            metrics.watchEvent(this.#name);
            onEvent(event);
          },
        },
        signal,
      );
    } finally {
      surelyOpen.cancel();
    }
  }

  /** An event that comes after the list. */
  #apply(event: WatchEvent): void {
    const { store } = this.#options;
    const { key, resourceVersion } = metaOf(event.object);
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED': {
        const object = this.#projection.of(event.object);
        if (object !== undefined) store.upsert(object);
        // It would not be there after a relist either.
        else if (key !== undefined) store.remove(key);
        break;
      }
      case 'DELETED':
        if (key === undefined) break;
        this.#projection.forget(key);
        store.remove(key);
        break;
      case 'BOOKMARK':
        this.#sendsBookmarks = true;
    }
    if (resourceVersion !== undefined) this.#state = { kind: 'watching', resourceVersion };
    this.#recovery.heard();
    this.#health.well();
  }

  #listed(objects: ReadonlyMap<string, T>, resourceVersion: string): void {
    const { store, namespace, metrics, clock } = this.#options;
    store.replace(objects.values(), namespace);
    this.#state = { kind: 'watching', resourceVersion };
    this.#recovery.listed(clock.now());
    this.#health.well();
    metrics.listed(this.#name, objects.size);
    this.#log.debug('listed', { objects: objects.size });
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    this.#resolveSynced();
  }

  /** The server ended a watch in order. It is opened again at once, unless that would go round in circles. */
  #watchEnded(): void {
    if (!this.#recovery.endedWell(this.#health.openMs)) throw endedEarly();
    this.#health.closed();
    this.#health.well();
  }

  /** Where every failure ends up, and where each one is shown the way back. */
  #recover(error: unknown): void {
    const { clock, metrics, resource, namespace } = this.#options;
    const state = this.#state;
    const isWatch = state.kind === 'watching';
    const during = isWatch ? 'watch' : this.#recovery.listsByStream ? 'streaming list' : 'paged list';
    const attempt = { during, openMs: this.#health.openMs, heard: this.#heard } as const;
    const recovery = this.#recovery.failed(error, attempt, clock.now());
    if (during === 'streaming list' && !this.#recovery.listsByStream) {
      this.#log.info('this API server does not do streaming lists; it is listed in pages from now on');
    }
    this.#health.closed();
    metrics.watchFailed(this.#name, recovery.verdict.reason);
    const doing = during === 'paged list' ? 'list' : 'watch';
    this.#health.failed(recovery, problemOf(resource, namespace, recovery.verdict, doing, error));
    const then: State = isWatch && !recovery.relist ? state : { kind: 'listing' };
    this.#state = { kind: 'waiting', ms: recovery.waitMs, then };
  }
}
