/**
 * The keys of one flow that are ready, first in first out within each priority.
 *
 * The most urgent go first, with one exception: of sixteen turns one begins with the retries and one with the resyncs. A steady flood of changes
 * (or of retries) can therefore slow the others down but never stop them, and costs the changes at most an eighth of the turns.
 */
import type { Entry } from './entry.ts';

interface List {
  head: Entry | undefined;
  tail: Entry | undefined;
}

const cycle = 16;
const usual: readonly number[] = [0, 1, 2];
const retriesFirst: readonly number[] = [1, 0, 2];
const resyncsFirst: readonly number[] = [2, 0, 1];

/** In which order the priorities are asked on the given turn. */
export function orderOfTurn(turn: number): readonly number[] {
  const place = turn % cycle;
  if (place === cycle - 1) return resyncsFirst;
  return place === cycle / 2 - 1 ? retriesFirst : usual;
}

export class ReadyLists {
  readonly #lists: readonly List[] = usual.map(() => ({ head: undefined, tail: undefined }));
  #turn = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(entry: Entry): void {
    const list = this.#lists[entry.rank];
    if (list === undefined) throw new RangeError(`there is no priority ${entry.rank}`);
    entry.previous = list.tail;
    entry.next = undefined;
    if (list.tail === undefined) list.head = entry;
    else list.tail.next = entry;
    list.tail = entry;
    this.#size += 1;
  }

  /** Puts an entry that waits already at the end of a more urgent list. */
  raise(entry: Entry, rank: number): void {
    this.remove(entry);
    entry.rank = rank;
    this.push(entry);
  }

  shift(): Entry | undefined {
    if (this.#size === 0) return undefined;
    for (const rank of orderOfTurn(this.#turn)) {
      const head = this.#lists[rank]?.head;
      if (head === undefined) continue;
      this.#turn = (this.#turn + 1) % cycle;
      this.remove(head);
      return head;
    }
    return undefined;
  }

  remove(entry: Entry): void {
    const list = this.#lists[entry.rank];
    if (list === undefined) return;
    if (entry.previous === undefined) list.head = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) list.tail = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size -= 1;
  }
}
