/**
 * One deadline for many things of which each may take equally long. What began first is due first, so the one timer there is need only check the
 * oldest, and beginning and ending cost next to nothing: a timer of its own for everything that is nearly always quick would cost more than the wait it bounds.
 */
import type { Clock, Timer } from '../../base/clock.ts';

export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #onOverdue: (item: T) => void;
  /** When each began, the oldest first. */
  readonly #since = new Map<T, number>();
  #timer: Timer | undefined;

  /** @param onOverdue called once for each that takes longer than `ms`; it counts as ended then. */
  constructor(clock: Clock, ms: number, onOverdue: (item: T) => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#onOverdue = onOverdue;
  }

  begin(item: T): void {
    this.#since.set(item, this.#clock.now());
    this.#timer ??= this.#clock.after(this.#ms, () => this.#check());
  }

  end(item: T): void {
    this.#since.delete(item);
  }

  /** Nothing is overdue any more. */
  stop(): void {
    this.#since.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    this.#timer = undefined;
    for (const [item, since] of this.#since) {
      const left = since + this.#ms - this.#clock.now();
      if (left > 0) {
        this.#timer = this.#clock.after(left, () => this.#check());
        return;
      }
      this.#since.delete(item);
      this.#onOverdue(item);
    }
  }
}
