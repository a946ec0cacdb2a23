/**
 * Reduces objects to what is kept of them. What cannot be read is skipped: counted each time, named once per object, and never a reason to stop.
 */

import type { Stored } from '../../store/store.ts';
import { metaOf } from './object-meta.ts';

export interface TransformOptions<T> {
  readonly transform: (raw: unknown) => T | undefined;
  /** `key` is undefined when this object was named before (or has no name). */
  readonly onUnreadable: (key: string | undefined, detail: string) => void;
}

/** More than these are counted, but no longer named. */
const maxNamed = 1_000;

export class Transform<T extends Stored> {
  readonly #options: TransformOptions<T>;
  readonly #named = new Set<string>();

  constructor(options: TransformOptions<T>) {
    this.#options = options;
  }

  of(raw: unknown): T | undefined {
    let object: T | undefined;
    let detail = 'not in the expected form';
    try {
      object = this.#options.transform(raw);
    } catch (error) {
      detail = error instanceof Error ? error.name : 'unknown error';
    }
    if (object === undefined) this.#unreadable(raw, detail);
    else if (this.#named.size > 0) this.#named.delete(object.key);
    return object;
  }

  /** The object is gone; another one of its name would be named again. */
  forget(key: string): void {
    this.#named.delete(key);
  }

  #unreadable(raw: unknown, detail: string): void {
    const { key } = metaOf(raw);
    const isNew = key !== undefined && !this.#named.has(key) && this.#named.size < maxNamed;
    if (isNew) this.#named.add(key);
    this.#options.onUnreadable(isNew ? key : undefined, detail);
  }
}
