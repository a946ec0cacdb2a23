/**
 * One timer for all that waits: it fires when the earliest time that it was set for has come. Node fires a timer that is longer than it can hold immediately;
 * so a time that is further away is reached in steps, and who is woken too early sets it again.
 */
import type { Clock, Timer } from '../../base/clock.ts';

/** The longest a timer can be set for. */
const maxMs = 2 ** 31 - 1;

export class WakeTimer {
  readonly #clock: Clock;
  readonly #onWake: () => void;
  #timer: Timer | undefined;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onWake: () => void) {
    this.#clock = clock;
    this.#onWake = onWake;
  }

  /** Fires at this time of the clock (or earlier, where it was set so before or the time is far away). */
  setFor(at: number): void {
    if (this.#at <= at) return;
    this.#timer?.cancel();
    const now = this.#clock.now();
    const wait = Math.min(maxMs, Math.max(1, Math.ceil(at - now)));
    this.#at = now + wait;
    this.#timer = this.#clock.after(wait, () => {
      this.#timer = undefined;
      this.#at = Number.POSITIVE_INFINITY;
      this.#onWake();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
