/**
 * One index of the store: value → keys. Most values lead to one key, and there may be as many values as objects, so a single key is kept as it is;
 * only the second one makes a Set.
 */
export type IndexFunction<T> = (object: T) => string | undefined;

export interface Index<T> {
  find(value: string): Iterable<string>;
  /** The values that lead to a key. */
  values(): Iterable<string>;
  /** The object under `key` changed from `before` to `after`. */
  move(key: string, before: T | undefined, after: T | undefined): void;
}

const none: readonly string[] = [];

export function makeIndex<T>(of: IndexFunction<T>): Index<T> {
  const entries = new Map<string, string | Set<string>>();

  function add(value: string, key: string): void {
    const entry = entries.get(value);
    if (entry === undefined) entries.set(value, key);
    else if (typeof entry !== 'string') entry.add(key);
    else if (entry !== key) entries.set(value, new Set([entry, key]));
  }

  function remove(value: string, key: string): void {
    const entry = entries.get(value);
    if (entry === undefined) return;
    if (typeof entry === 'string') {
      if (entry === key) entries.delete(value);
      return;
    }
    entry.delete(key);
    if (entry.size === 1) for (const last of entry) entries.set(value, last);
  }

  return {
    find(value) {
      const entry = entries.get(value);
      return typeof entry === 'string' ? [entry] : (entry ?? none);
    },
    values: () => entries.keys(),
    move(key, before, after) {
      const from = before === undefined ? undefined : of(before);
      const to = after === undefined ? undefined : of(after);
      if (from === to) return;
      if (from !== undefined) remove(from, key);
      if (to !== undefined) add(to, key);
    },
  };
}
