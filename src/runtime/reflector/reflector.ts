/**
 * Keeps a store true to what the API server has: lists, then watches, and finds a way back from everything that can happen on the way.
 *
 *   opening → listing (initial events, or pages) → watching → opening again from the version last seen
 *   any of them → a failure → waiting → opening, from that version or with a list
 *
 * Invariants: it never ends before its signal is aborted. After a failure there is always a wait. Time spent trying is not time open: a watch counts as open once the server has
 * accepted it, and as working once it brought something or its version was confirmed. A list is put into the store whole, when it is complete; until then the store keeps what it had.
 */
import type { Log } from '../../base/log.ts';
import { pathOf } from '../../kubernetes/calls/resource.ts';
import type { Stored } from '../store/store.ts';
import { WatchHealth } from './health.ts';
import { InitialEvents } from './list/initial-events.ts';
import { metaOf } from './list/object-meta.ts';
import { PagedList } from './list/paged-list.ts';
import { Transform } from './list/transform.ts';
import { takeTurn } from './list/turn.ts';
import type { ReflectorOptions } from './options.ts';
import { endedEarly, listUnfinished, versionAhead } from './recovery/failure.ts';
import { nameOf, problemOf } from './recovery/problem.ts';
import { type Recovery, WatchRecovery } from './recovery/recovery.ts';
import { type Position, positionOf, type State } from './state.ts';
import { watchCall } from './watch/call.ts';
import { confirmVersion, type Place, versionSince } from './watch/confirm-version.ts';
import { type DataEvent, followWatch } from './watch/follow.ts';
import { Patience } from './watch/patience.ts';
import { isOlder } from './watch/resource-version.ts';

/** While a streaming list is read the server has something to send all the time. */
const maxListSilenceMs = 60_000;

export class Reflector<T extends Stored> {
  /** Resolves when the store holds all that the server has for the first time. */
  readonly synced: Promise<void>;

  readonly #options: ReflectorOptions<T>;
  readonly #name: string;
  /** Where lists and watches are asked for. */
  readonly #place: Place;
  readonly #log: Log;
  readonly #transform: Transform<T>;
  readonly #pages: PagedList<T>;
  readonly #recovery: WatchRecovery;
  readonly #health: WatchHealth;
  readonly #patience = new Patience();
  readonly #resolveSynced: () => void;

  #state: State = { kind: 'opening', from: undefined };
  #hasSynced = false;
  /** Since when the present watch has been open. */
  #openSince = 0;
  /** Whether the present stream has brought an event. */
  #broughtEvents = false;

  constructor(options: ReflectorOptions<T>) {
    const { resource, namespace, labelSelector, client, clock, random, metrics } = options;
    this.#options = options;
    this.#name = nameOf(resource);
    this.#place = {
      client,
      path: pathOf(resource, namespace === undefined ? {} : { namespace }),
      query: labelSelector === undefined ? {} : { labelSelector },
    };
    this.#log = options.log.with({ resource: this.#name, ...(namespace === undefined ? {} : { namespace }) });
    this.#recovery = new WatchRecovery(random);
    this.#health = new WatchHealth({ clock, log: this.#log });
    this.#transform = new Transform({
      transform: options.transform,
      onUnreadable: (key, detail) => {
        metrics.watchFailed(this.#name, 'UnreadableObject');
        if (key === undefined) return;
        this.#log.warn('an object cannot be read and is treated as if it were not there', { key, detail });
      },
    });
    this.#pages = new PagedList({ ...this.#place, transform: this.#transform });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#resolveSynced = resolve;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get state(): State['kind'] {
    return this.#state.kind;
  }

  /** Synced, and not out of touch with the server for long. */
  get healthy(): boolean {
    return this.#hasSynced && this.#health.inTouch;
  }

  /** The API server does not let this process see the resource. */
  get isRefused(): boolean {
    return this.#health.problem?.reason === 'Forbidden';
  }

  /** Why the store cannot be trusted just now, as a sentence; undefined while it can. */
  get problem(): string | undefined {
    if (this.healthy) return undefined;
    const failure = this.#health.problem;
    if (failure !== undefined) return failure.message;
    return this.#hasSynced
      ? `nothing was seen of ${this.#name} for ${Math.round(this.#health.outOfTouchForMs / 1_000)} s (${this.#state.kind})`
      : `the first list of ${this.#name} is not complete yet (${this.#state.kind})`;
  }

  /** Keeps the store true until the signal is aborted; never ends before, and never throws. */
  async run(signal: AbortSignal): Promise<void> {
    let from: Position;
    while (!signal.aborted) {
      this.#state = { kind: 'opening', from };
      try {
        from = from === undefined ? await this.#list(signal) : await this.#watch(from, false, signal);
      } catch (error) {
        if (signal.aborted) return;
        const seen = positionOf(this.#state);
        const { relist, waitMs } = this.#recover(error);
        from = relist ? undefined : seen;
        this.#state = { kind: 'waiting', from };
        await this.#options.clock.sleep(waitMs, signal).catch(() => {});
      }
    }
  }

  /** Lists, by stream or in pages, and watches on. @returns the version to go on from. */
  async #list(signal: AbortSignal): Promise<string> {
    const endTurn = await takeTurn(this.#options.lists, this.#options.clock, signal);
    try {
      if (this.#recovery.listsByStream(this.#options.clock.now()))
        return await this.#listByStreamAndWatch(endTurn, signal);
      this.#state = { kind: 'listing' };
      const { objects, resourceVersion } = await this.#pages.read(signal);
      this.#listed(objects, resourceVersion);
      this.#state = { kind: 'opening', from: resourceVersion };
      endTurn();
      return await this.#watch(resourceVersion, true, signal);
    } finally {
      endTurn();
    }
  }

  /** A streaming list goes on as a watch, on the same stream, once the list is complete. */
  async #listByStreamAndWatch(onListed: () => void, signal: AbortSignal): Promise<string> {
    const initial = new InitialEvents(this.#transform);
    const onAccepted = () => {
      this.#state = { kind: 'listing' };
    };
    const onEvent = (event: DataEvent): void => {
      if (this.#state.kind === 'watching') {
        this.#apply(event, this.#state.resourceVersion);
        return;
      }
      const resourceVersion = initial.take(event);
      if (resourceVersion === undefined) return;
      this.#listed(initial.objects, resourceVersion);
      this.#watching(resourceVersion);
      this.#health.following();
      initial.objects.clear();
      onListed();
    };
    const query = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
    await this.#follow(query, onAccepted, onEvent, signal);
    if (this.#state.kind !== 'watching') throw listUnfinished();
    return this.#watchEnded(this.#state.resourceVersion);
  }

  /** @param fresh the version is a list's that was read just now, and needs no proof. */
  async #watch(from: string, fresh: boolean, signal: AbortSignal): Promise<string> {
    const { clock } = this.#options;
    const onAccepted = (stream: AbortSignal, giveUp: (error: Error) => void): void => {
      this.#watching(from);
      if (fresh) {
        this.#health.following();
        return;
      }
      const isConfirmed = () => this.#health.isFollowing;
      confirmVersion({ ...this.#place, clock, resourceVersion: from, isConfirmed }, stream).then(
        () => this.#health.following(),
        (error: Error) => giveUp(error),
      );
    };
    const onEvent = (event: DataEvent): void => this.#apply(event, positionOf(this.#state) ?? from);
    await this.#follow({ resourceVersion: from }, onAccepted, onEvent, signal);
    return this.#watchEnded(positionOf(this.#state) ?? from);
  }

  async #follow(
    query: Readonly<Record<string, string>>,
    onAccepted: (stream: AbortSignal, giveUp: (error: Error) => void) => void,
    onEvent: (event: DataEvent) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, random, metrics } = this.#options;
    const call = watchCall(this.#place.path, { ...this.#place.query, ...query }, random);
    this.#broughtEvents = false;
    await followWatch(
      {
        client,
        clock,
        call,
        silenceMs: () =>
          this.#state.kind === 'watching' ? Math.min(this.#patience.ms, call.idleTimeoutMs) : maxListSilenceMs,
        versionSince: async (stream) => {
          if (this.#state.kind !== 'watching') return 'unknown';
          const version = await versionSince(this.#place, this.#state.resourceVersion, stream);
          if (version === 'same') this.#health.following();
          return version;
        },
        onMissed: () => this.#patience.ranOut(),
        onAccepted,
        onEvent: (event) => {
          this.#broughtEvents = true;
          metrics.watchEvent(this.#name);
          onEvent(event);
        },
      },
      signal,
    );
  }

  #watching(resourceVersion: string): void {
    this.#openSince = this.#options.clock.now();
    this.#state = { kind: 'watching', resourceVersion };
  }

  /** An event that comes after the list. */
  #apply(event: DataEvent, seen: string): void {
    const { store } = this.#options;
    const { key, resourceVersion = seen } =
      event.kind === 'bookmark' ? { key: undefined, ...event } : metaOf(event.object);
    if (isOlder(resourceVersion, seen)) throw versionAhead();
    switch (event.kind) {
      case 'added':
      case 'modified': {
        const object = this.#transform.of(event.object);
        if (object !== undefined) store.upsert(object);
        // It would not be there after a relist either.
        else if (key !== undefined) store.remove(key);
        break;
      }
      case 'deleted':
        if (key === undefined) break;
        this.#transform.forget(key);
        store.remove(key);
        break;
      case 'bookmark':
        this.#patience.hadBookmark();
    }
    this.#state = { kind: 'watching', resourceVersion };
    this.#recovery.broughtEvent();
    this.#health.following();
  }

  #listed(objects: ReadonlyMap<string, T>, resourceVersion: string): void {
    const { store, namespace, metrics, clock } = this.#options;
    store.replace(objects.values(), namespace);
    this.#recovery.listed(clock.now());
    this.#health.well();
    metrics.listed(this.#name, objects.size);
    this.#log.debug('listed', { objects: objects.size, resourceVersion });
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    this.#resolveSynced();
  }

  /** The server ended a watch in order. It is opened again immediately, unless that would go round in circles. */
  #watchEnded(resourceVersion: string): string {
    if (!this.#recovery.endedWell(this.#openMs)) throw endedEarly();
    this.#health.closed();
    return resourceVersion;
  }

  /** For how long a watch has been open that was seen to work. */
  get #openMs(): number {
    const isOpen = this.#state.kind === 'watching' && this.#health.isFollowing;
    return isOpen ? this.#options.clock.now() - this.#openSince : 0;
  }

  /** Where every failure ends up, and where each one is shown the way back. */
  #recover(error: unknown): Recovery {
    const { clock, metrics, resource, namespace } = this.#options;
    const now = clock.now();
    const byStream = this.#recovery.listsByStream(now);
    const during = positionOf(this.#state) !== undefined ? 'watch' : byStream ? 'streaming list' : 'paged list';
    const recovery = this.#recovery.failed(
      error,
      { during, openMs: this.#openMs, broughtEvents: this.#broughtEvents },
      now,
    );
    if (byStream && !this.#recovery.listsByStream(now))
      this.#log.info('a streaming list did not work at this API server; it is listed in pages for a while', {
        reason: recovery.failure.reason,
      });
    metrics.watchFailed(this.#name, recovery.failure.reason);
    const doing = during === 'paged list' ? 'list' : 'watch';
    this.#health.failed(recovery, problemOf(resource, namespace, recovery.failure, doing, error));
    return recovery;
  }
}
