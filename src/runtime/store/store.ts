/**
 * What is known of the objects in the cluster, by key, with indexes. Every change is whole before a listener is notified of it: a listener, or a caller that
 * reads between two of them, never sees half a relist. Objects are never changed in place; a new one takes its place.
 */
import type { Log } from '../../base/log.ts';
import { type Index, type IndexFunction, makeIndex } from './index-by-value.ts';

/** The least the store must know of an object. */
export interface Stored {
  /** `namespace/name`, or `name` where there is no namespace. */
  readonly key: string;
  /** '' where there is none. */
  readonly namespace: string;
}

/** `before` is undefined for a new object, `after` for one that is gone. */
export type StoreListener<T> = (before: T | undefined, after: T | undefined) => void;

export interface StoreOptions<T, I extends string> {
  readonly log: Log;
  /** Under which value, if any, an object is found in each index. */
  readonly indexes?: Readonly<Record<I, IndexFunction<T>>>;
  /** Whether two states of an object are equal to every user of the store; then the old one stays and no listener is notified. */
  readonly same?: (a: T, b: T) => boolean;
}

const none: readonly string[] = [];

export class Store<T extends Stored, I extends string = never> {
  readonly #log: Log;
  readonly #same: (a: T, b: T) => boolean;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #listeners = new Set<StoreListener<T>>();

  constructor(options: StoreOptions<T, I>) {
    this.#log = options.log;
    this.#same = options.same ?? Object.is;
    for (const [name, of] of Object.entries<IndexFunction<T>>(options.indexes ?? {})) {
      this.#indexes.set(name, makeIndex(of));
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** The keys found under a value of an index. Read it immediately: it may change with the store. */
  byIndex(name: I, value: string): Iterable<string> {
    return this.#indexes.get(name)?.find(value) ?? none;
  }

  /** The values of an index under which there is an object. Read it immediately likewise. */
  indexedValues(name: I): Iterable<string> {
    return this.#indexes.get(name)?.values() ?? none;
  }

  /** Calls `listener` after every change, until the returned function is called. */
  subscribe(listener: StoreListener<T>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  upsert(object: T): void {
    const before = this.#put(object);
    if (before !== object) this.#notify(before, object);
  }

  remove(key: string): void {
    const before = this.#drop(key);
    if (before !== undefined) this.#notify(before, undefined);
  }

  /**
   * Makes `items` the whole truth: what is not among them is gone. With a `scope`, the truth about that namespace, and no other object is touched.
   * The whole store is changed first, then the listeners are notified of the differences.
   */
  replace(items: Iterable<T>, scope?: string): void {
    const wanted = new Map<string, T>();
    for (const item of items) {
      if (scope === undefined || item.namespace === scope) wanted.set(item.key, item);
    }
    const differences: [before: T | undefined, after: T | undefined][] = [];
    for (const [key, object] of this.#objects) {
      if (wanted.has(key) || (scope !== undefined && object.namespace !== scope)) continue;
      this.#drop(key);
      differences.push([object, undefined]);
    }
    for (const item of wanted.values()) {
      const before = this.#put(item);
      if (before !== item) differences.push([before, item]);
    }
    for (const [before, after] of differences) this.#notify(before, after);
  }

  /** What was there before; the object itself when there is nothing to do or to report. */
  #put(object: T): T | undefined {
    const before = this.#objects.get(object.key);
    if (before !== undefined && this.#same(before, object)) return object;
    this.#objects.set(object.key, object);
    for (const index of this.#indexes.values()) index.move(object.key, before, object);
    return before;
  }

  #drop(key: string): T | undefined {
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    this.#objects.delete(key);
    for (const index of this.#indexes.values()) index.move(key, before, undefined);
    return before;
  }

  #notify(before: T | undefined, after: T | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(before, after);
      } catch (error) {
        this.#log.error('a listener of the store failed; the store and the other listeners go on', {
          key: (after ?? before)?.key,
          error: String(error),
        });
      }
    }
  }
}
