/** The keys that wait for their time, the earliest on top. A binary heap in which each entry knows its heap index, so that any one can be moved or taken out. */
import type { Entry } from './entry.ts';

export class DelayHeap {
  readonly #heap: Entry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): Entry | undefined {
    return this.#heap[0];
  }

  push(entry: Entry): void {
    this.#heap.push(entry);
    this.#up(entry, this.#heap.length - 1);
  }

  pop(): Entry | undefined {
    const first = this.first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** The entry is due earlier than it was. */
  advance(entry: Entry, at: number): void {
    entry.at = at;
    this.#up(entry, entry.heapIndex);
  }

  remove(entry: Entry): void {
    const index = entry.heapIndex;
    const last = this.#heap.pop();
    entry.heapIndex = -1;
    if (last === undefined || last === entry) return;
    this.#up(last, index);
    this.#down(last, last.heapIndex);
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.heapIndex = index;
  }

  #up(entry: Entry, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || parent.at <= entry.at) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(entry, index);
  }

  #down(entry: Entry, from: number): void {
    let index = from;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const lesser = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (lesser === undefined || lesser.at >= entry.at) break;
      const below = lesser.heapIndex;
      this.#place(lesser, index);
      index = below;
    }
    this.#place(entry, index);
  }
}
