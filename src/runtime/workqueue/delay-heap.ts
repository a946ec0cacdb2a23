/** The keys that wait for their time, the earliest on top. A binary heap in which each entry knows its seat, so that any one can be moved or taken out. */
import type { Entry } from './entry.ts';

export class DelayHeap {
  readonly #seats: Entry[] = [];

  get size(): number {
    return this.#seats.length;
  }

  get first(): Entry | undefined {
    return this.#seats[0];
  }

  push(entry: Entry): void {
    this.#seats.push(entry);
    this.#up(entry, this.#seats.length - 1);
  }

  pop(): Entry | undefined {
    const first = this.first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** The entry is due earlier than it was. */
  advance(entry: Entry, at: number): void {
    entry.at = at;
    this.#up(entry, entry.seat);
  }

  remove(entry: Entry): void {
    const seat = entry.seat;
    const last = this.#seats.pop();
    entry.seat = -1;
    if (last === undefined || last === entry) return;
    this.#up(last, seat);
    this.#down(last, last.seat);
  }

  #sit(entry: Entry, seat: number): void {
    this.#seats[seat] = entry;
    entry.seat = seat;
  }

  #up(entry: Entry, from: number): void {
    let seat = from;
    while (seat > 0) {
      const above = (seat - 1) >> 1;
      const parent = this.#seats[above];
      if (parent === undefined || parent.at <= entry.at) break;
      this.#sit(parent, seat);
      seat = above;
    }
    this.#sit(entry, seat);
  }

  #down(entry: Entry, from: number): void {
    let seat = from;
    for (;;) {
      const left = this.#seats[2 * seat + 1];
      const right = this.#seats[2 * seat + 2];
      const lesser = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (lesser === undefined || lesser.at >= entry.at) break;
      const below = lesser.seat;
      this.#sit(lesser, seat);
      seat = below;
    }
    this.#sit(entry, seat);
  }
}
