/** A list that keeps the latest `limit` entries at a fixed cost and counts the ones it dropped. */
export class RecentList<T> {
  readonly #limit: number;
  #entries: T[] = [];
  /** Where the next entry goes once the list is full. */
  #next = 0;
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get dropped(): number {
    return this.#dropped;
  }

  push(entry: T): void {
    if (this.#entries.length < this.#limit) {
      this.#entries.push(entry);
      return;
    }
    this.#dropped += 1;
    if (this.#limit === 0) return;
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** Oldest first. */
  all(): T[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }

  clear(): void {
    this.#entries = [];
    this.#next = 0;
    this.#dropped = 0;
  }
}
